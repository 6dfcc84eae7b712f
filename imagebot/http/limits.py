"""How long a registry may take. Pure."""

from __future__ import annotations

from imagebot.values import dataclass

SMALL = 64 * 1024
"""An answer that may have more bytes than this is a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """All in seconds, but for `rate` and `misses`.

    An exchange is everything from resolving the name to the last byte of the trailers. It may take
    `answer` for a small answer, and `page` for any other. Everything that is asked about a
    repository in a pass may take `repository` together.

    No byte for `silence` means that the host is down. Once bytes flow there must be `rate` of them
    a second, counted over `rate_over` seconds. A host that misses `misses` limits in a row is down
    as well.
    """

    answer: float = 30.0
    page: float = 60.0
    repository: float = 300.0
    silence: float = 10.0
    rate: float = 1024.0
    rate_over: float = 10.0
    misses: int = 3

    def exchange(self, size: int) -> float:
        """The limit of one exchange whose answer may have `size` bytes."""
        return self.page if size > SMALL else self.answer
