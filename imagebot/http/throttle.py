"""Try again, keep the pauses that hosts ask for, and limit the requests per host."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from imagebot.errors import RegistryRateLimitError, RegistryUnreachableError
from imagebot.http.address import netloc
from imagebot.http.pauses import HeadRoom, read_head_room, requested_pause
from imagebot.http.rates import Rate, TokenBucket
from imagebot.http.transport import CannotConnectError, Request, Response

_PAUSES = (0.5, 2.0)
"""Seconds before the second and third try, on average, unless the host says how many."""
_MOMENT = 0.1
_MAX_PAUSE = 60.0
"""The longest that one request waits in all; during a longer pause requests fail at once."""
_LONGEST_KEPT = 3600.0
"""The longest pause that is kept: a host may not silence itself for the life of the process."""
_DOWN = 15.0
"""Seconds for which a host that could not be connected to is not tried again."""
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 522})


@dataclass(slots=True)
class HostState:
    """What is known about a host; shared by all threads."""

    slots: threading.Semaphore
    bucket: TokenBucket
    resume_at: float = 0.0
    down_until: float = 0.0
    down: CannotConnectError | None = None
    head_room: HeadRoom | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class HostThrottle:
    """Sends requests at each host's rate, and obeys the pauses that a host asks for.

    It remembers hosts for as long as it lives. `rate_of` is asked by `host:port`. `sleep` takes
    seconds; `clock` returns seconds from any start.
    """

    def __init__(
        self,
        *,
        rate_of: Callable[[str], Rate],
        sleep: Callable[[float], object],
        clock: Callable[[], float],
    ) -> None:
        self._rate_of = rate_of
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: dict[str, HostState] = {}

    def send(self, request: Request, send: Callable[[Request], Response]) -> Response:
        """The response to a request after up to three tries, whatever its status.

        Raises what `send` raised last, and RegistryRateLimitError when the host has asked for a
        pause that is too long to wait for.
        """
        state = self._host_state(netloc(request.url))
        waited = 0.0
        for pause in (*_PAUSES, None):
            # Wait for the turn inside: while this request was queued, the host may have gone down
            # or asked for a pause.
            with state.slots:
                waited += self._await_turn(state, request, waited)
                self._await_token(state)
                response = self._try(state, request, send, last=pause is None)
            if response:
                self._note_head_room(state, response)
            if response and response.status not in _TRANSIENT:
                return response
            asked = self._requested_pause(state, response) if response else None
            too_long = asked is not None and waited + asked > _MAX_PAUSE
            if response and (pause is None or too_long):
                return response
            # Less than a moment is no pause: GHCR asks for microseconds.
            if pause is not None and (asked is None or asked < _MOMENT):
                waited += self._wait(_full_jitter(pause))
        raise AssertionError("the last try returns or raises")

    def _try(
        self, state: HostState, request: Request, send: Callable[[Request], Response], *, last: bool
    ) -> Response | None:
        """None when there was no response, and another try may bring one."""
        try:
            return send(request)
        except RegistryUnreachableError as exc:
            if exc.temporary and not last:
                return None
            self._note_down(state, exc)
            raise

    def _host_state(self, host: str) -> HostState:
        with self._lock:
            if host not in self._hosts:
                rate = self._rate_of(host)
                slots = threading.Semaphore(rate.concurrency or 1)
                self._hosts[host] = HostState(slots, TokenBucket(rate.per_second or math.inf))
            return self._hosts[host]

    def head_room(self) -> dict[str, HeadRoom]:
        """What each host said last is left of its limit, by `host:port`; not all say so."""
        with self._lock:
            states = list(self._hosts.items())
        return {host: state.head_room for host, state in states if state.head_room}

    def _note_head_room(self, state: HostState, response: Response) -> None:
        if found := read_head_room(response, time.time()):
            with state.lock:
                state.head_room = found

    def _await_token(self, state: HostState) -> None:
        """Keep to the host's rate. This is no pause of the host's: it counts against nothing."""
        with state.lock:
            delay = state.bucket.take(self._clock())
        if delay > 0:
            self._wait(delay)

    def _await_turn(self, state: HostState, request: Request, waited: float) -> float:
        """Wait until the host accepts requests again; returns the seconds waited."""
        with state.lock:
            now = self._clock()
            if state.down and now < state.down_until:
                raise CannotConnectError(
                    request.subject,
                    state.down.reason,
                    hint=state.down.hint,
                    temporary=state.down.temporary,
                )
            pause = state.resume_at - now
        if pause <= 0:
            return 0.0
        if waited + pause > _MAX_PAUSE:
            raise RegistryRateLimitError(
                request.subject,
                f"{netloc(request.url)} has asked for a pause of {pause:.0f} s",
                hint="a pass after that asks again",
                retry_after=pause,
            )
        return self._wait(pause)

    def _requested_pause(self, state: HostState, response: Response) -> float | None:
        """The pause that the response asks for; every request to this host waits for its end."""
        pause = requested_pause(response, time.time())
        if pause is not None:
            with state.lock:
                # Only a limit is about the whole host; an error may be about one repository.
                longest = _LONGEST_KEPT if response.status == 429 else _MAX_PAUSE
                until = self._clock() + min(pause, longest)
                state.resume_at = max(state.resume_at, until)
        return pause

    def _note_down(self, state: HostState, exc: RegistryUnreachableError) -> None:
        if isinstance(exc, CannotConnectError):
            with state.lock:
                state.down, state.down_until = exc, self._clock() + _DOWN

    def _wait(self, seconds: float) -> float:
        self._sleep(seconds)
        return seconds


def _full_jitter(seconds: float) -> float:
    """Anything up to twice as long: those that failed together do not come back together."""
    return random.uniform(0, 2 * seconds)  # noqa: S311  spreads requests, guards nothing
