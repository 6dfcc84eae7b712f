"""What an `ImagePolicy` of Flux says, as imagebot policy keys."""

from __future__ import annotations

from imagebot.manifest.images.field import Unread
from imagebot.values import dataclass

PolicyKeys = dict[str, object]


@dataclass(frozen=True, slots=True)
class FluxPolicy:
    """The keys of an ImagePolicy, as in imagebot.yaml, or the `problem` with it.

    `url` is the image of its ImageRepository, "" if there is none; `contradiction` says why it is
    unclear which one that is. `suspended` says why Flux does not act on the policy.
    """

    path: str
    line: int
    keys: PolicyKeys
    problem: str = ""
    url: str = ""
    contradiction: str = ""
    suspended: str = ""

    def unread(self, problem: str = "") -> Unread:
        if self.suspended:
            return Unread(self.path, self.line, "suspended", self.suspended, expected=True)
        return Unread(self.path, self.line, "flux-policy", problem or self.problem)
