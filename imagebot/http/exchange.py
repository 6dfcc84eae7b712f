"""The time and the bytes that one exchange has left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Literal

from imagebot.http.limits import TimeLimits
from imagebot.http.reach import PUBLIC_ONLY, Permit, literal_address
from imagebot.http.zone import NetworkZone
from imagebot.values import dataclass

Stage = Literal["resolve", "connect", "tls", "answer"]
Limit = Literal["silence", "rate", "exchange", "question", "size"]

_OVERHEAD = 256 * 1024
"""Bytes for headers, interim responses and trailers, beside the body."""


class LimitExceededError(Exception):
    """An exchange has run into a limit; `stage` is how far it had come."""

    def __init__(self, limit: Limit, stage: Stage) -> None:
        super().__init__(f"{limit} in {stage}")
        self.limit: Limit = limit
        self.stage: Stage = stage


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection: the name it was made for, and the address it was made to."""

    host: str
    port: int
    ip: str
    zone: NetworkZone


class Exchange:
    """Counts and guards one exchange, in the thread that does it.

    Whoever waits for the network asks `wait` how long it may, and says what it got: `received`, or
    `timed_out`. `within` is how many seconds there are for the question that the exchange belongs
    to. `size` is the most bytes that the body may have. `clock` returns seconds from any start.

    `permit` says where it may connect to; `peer` is where it did. `through_proxy`: that is a proxy,
    which is not judged, because the environment names it. `quotable`: what the host says may be
    shown.
    """

    def __init__(
        self,
        limits: TimeLimits,
        *,
        size: int,
        within: float,
        permit: Permit = PUBLIC_ONLY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._clock = clock
        now = clock()
        own = limits.exchange(size)
        self._over: Limit = "exchange" if own <= within else "question"
        self._end = now + min(own, within)
        self._heard = now
        self._room = 2 * size + _OVERHEAD
        self._window = 0.0
        self._in_window: float | None = None
        self.stage: Stage = "resolve"
        self.permit = permit
        self.peer: Peer | None = None
        self.through_proxy = False
        self.quotable = True

    @property
    def zone(self) -> NetworkZone:
        """Where the peer is, as far as that is known: behind a proxy, anywhere outside."""
        if self.peer is None or self.through_proxy:
            return NetworkZone.PUBLIC
        return self.peer.zone

    def go_through_proxy(self, host: str, port: int) -> None:
        """It connects to a proxy, which then does to the host.

        What a name stands for is known to the proxy alone, so that anybody could be speaking whom
        the operator did not name. Raises AddressRefusedError for a host that is an address, and not
        allowed.
        """
        ip = literal_address(host)
        if ip and not self.permit.allows(host, port, ip):
            raise self.permit.refusal(host, port, ip)
        self.through_proxy = True
        self.quotable = self.permit.names(host, port, ip)

    def may_connect(self, host: str, port: int, ip: str) -> bool:
        """Whether it may connect to an address."""
        return self.through_proxy or self.permit.allows(host, port, ip)

    def meet(self, peer: Peer) -> None:
        """It uses a connection to `peer`. Raises AddressRefusedError when it may not."""
        if peer is self.peer:
            return
        if not self.may_connect(peer.host, peer.port, peer.ip):
            raise self.permit.refusal(peer.host, peer.port, peer.ip)
        self.peer = peer

    def wait(self) -> float:
        """Seconds that the next wait may take, more than 0. Raises LimitExceededError."""
        end, _ = min(self._ends())
        left = end - self._clock()
        if left <= 0:
            raise self.timed_out()
        return left

    def sent(self) -> None:
        """The request is out, so the host has its time to answer."""
        self.stage = "answer"
        self._heard = self._clock()

    def received(self, size: int) -> None:
        """So many bytes came in. Raises LimitExceededError."""
        now = self._heard = self._clock()
        self._room -= size
        if self._room < 0:
            raise LimitExceededError("size", self.stage)
        if now >= self._end:
            raise LimitExceededError(self._over, self.stage)
        # From the first byte on: how long that may take is a matter of silence.
        if self._in_window is None:
            self._window, self._in_window = now, 0.0
        elif now - self._window >= self._limits.rate_over:
            if self._in_window < self._wanted:
                raise LimitExceededError("rate", self.stage)
            self._window, self._in_window = now, 0.0
        self._in_window += size

    def timed_out(self) -> LimitExceededError:
        """What to raise when a wait has lasted as long as it may: of the limit that ends first."""
        _, limit = min(self._ends())
        return LimitExceededError(limit, self.stage)

    def _ends(self) -> Iterator[tuple[float, Limit]]:
        yield self._end, self._over
        yield self._heard + self._limits.silence, "silence"
        if self._in_window is not None and self._in_window < self._wanted:
            yield self._window + self._limits.rate_over, "rate"

    @property
    def _wanted(self) -> float:
        return self._limits.rate * self._limits.rate_over
