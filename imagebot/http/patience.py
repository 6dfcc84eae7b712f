"""Trying again, pausing when told to, and a limit of requests per host."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from imagebot.errors import RegistryRateLimitError, RegistryUnreachableError
from imagebot.http.address import netloc
from imagebot.http.headers import parse_date, parse_retry_after
from imagebot.http.transport import Answer, Ask, CannotConnectError

_PAUSES = (0.5, 2.0)
"""Seconds before the second and third try, unless the registry says how many."""
_MAX_PAUSE = 60.0
"""The longest that one request waits in all. A longer pause is for the next pass."""
_DOWN = 15.0
"""Seconds for which a host that cannot be connected to is not tried again for other requests."""
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 522})


@dataclass(slots=True)
class _Lane:
    """What is known of a host; shared by all threads."""

    slots: threading.Semaphore
    resume_at: float = 0.0
    down_until: float = 0.0
    down: CannotConnectError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Patience:
    """Sends requests to hosts as often, and as many at a time, as is decent.

    `sleep` takes seconds; `clock` counts them from anywhere.
    """

    def __init__(
        self, *, per_host: int, sleep: Callable[[float], object], clock: Callable[[], float]
    ) -> None:
        self._per_host = per_host
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    def send(self, ask: Ask, send: Callable[[Ask], Answer]) -> Answer:
        """The answer to a request, after up to three tries; the last one's, whatever its status.

        Raises what `send` raised last, and RegistryRateLimitError when the host has asked for a
        longer pause than is waited for.
        """
        lane = self._lane(netloc(ask.url))
        waited = 0.0
        for pause in (*_PAUSES, None):
            # The turn is waited for inside: who has queued here finds a host that has gone down,
            # or has asked for a pause, in the meantime.
            with lane.slots:
                waited += self._await_turn(lane, ask, waited)
                answer = self._try(lane, ask, send, last=pause is None)
            if answer and (answer.status not in _TRANSIENT or pause is None):
                return answer
            asked = self._asked_pause(lane, answer) if answer else None
            if answer and asked is not None and waited + asked > _MAX_PAUSE:
                return answer
            if pause is not None and asked is None:
                waited += self._wait(pause * _jitter())
        raise AssertionError("the last try returns or raises")

    def _try(
        self, lane: _Lane, ask: Ask, send: Callable[[Ask], Answer], *, last: bool
    ) -> Answer | None:
        """None when there is no answer, and another try may bring one."""
        try:
            return send(ask)
        except RegistryUnreachableError as exc:
            if exc.temporary and not last:
                return None
            self._note_down(lane, exc)
            raise

    def _lane(self, host: str) -> _Lane:
        with self._lock:
            return self._lanes.setdefault(host, _Lane(threading.Semaphore(self._per_host)))

    def _await_turn(self, lane: _Lane, ask: Ask, waited: float) -> float:
        """Wait until the host wants requests again; returns the seconds waited."""
        with lane.lock:
            now = self._clock()
            if lane.down and now < lane.down_until:
                raise CannotConnectError(
                    ask.subject,
                    lane.down.reason,
                    hint=lane.down.hint,
                    temporary=lane.down.temporary,
                )
            pause = lane.resume_at - now
        if pause <= 0:
            return 0.0
        if waited + pause > _MAX_PAUSE:
            raise RegistryRateLimitError(
                ask.subject,
                f"{netloc(ask.url)} has asked for a pause of {pause:.0f} s",
                hint="the next pass asks again",
                retry_after=pause,
            )
        return self._wait(pause)

    def _asked_pause(self, lane: _Lane, answer: Answer) -> float | None:
        """The pause that the answer asks for; everyone who asks this host keeps it."""
        now = parse_date(answer.header("Date"))
        pause = parse_retry_after(
            answer.header("Retry-After"), now if now is not None else time.time()
        )
        if pause is not None:
            with lane.lock:
                lane.resume_at = max(lane.resume_at, self._clock() + pause)
        return pause

    def _note_down(self, lane: _Lane, exc: RegistryUnreachableError) -> None:
        if isinstance(exc, CannotConnectError):
            with lane.lock:
                lane.down, lane.down_until = exc, self._clock() + _DOWN

    def _wait(self, seconds: float) -> float:
        self._sleep(seconds)
        return seconds


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  spreads requests, guards nothing
