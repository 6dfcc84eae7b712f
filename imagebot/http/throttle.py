"""Try again, keep the pauses that hosts ask for, and limit the requests per host."""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import field, replace

from imagebot.errors import RegistryRateLimitError, RegistryUnreachableError
from imagebot.http.address import netloc
from imagebot.http.message import Request, Response
from imagebot.http.patience import Question
from imagebot.http.pauses import HeadRoom, is_limit, read_head_room, requested_pause
from imagebot.http.rates import Rate, TokenBucket
from imagebot.parallel.turns import Turns
from imagebot.values import dataclass

_PAUSES = (0.5, 2.0)
"""Seconds before the second and third try, on average, unless the host says how many."""
_MOMENT = 0.1
_MAX_PAUSE = 60.0
"""The longest that one request waits in all; during a longer pause requests fail at once."""
_LONGEST_KEPT = 3600.0
"""The longest pause that is kept: a host may not silence itself for the life of the process."""
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 522})


@dataclass(slots=True)
class HostState:
    """What is known about a host; shared by all threads.

    `resume_at` is when each group may ask again: a pause tells that there is a host.
    """

    turns: Turns
    bucket: TokenBucket
    resume_at: dict[Hashable, float] = field(default_factory=dict)
    head_room: HeadRoom | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class HostThrottle:
    """Sends requests at each host's rate, and obeys the pauses that a host asks for.

    It remembers hosts for as long as it lives. `rate_of` is asked by `host:port`. `sleep` takes
    seconds; `clock` returns seconds from any start. `note` gets the `host:port` of each request.
    """

    def __init__(
        self,
        *,
        rate_of: Callable[[str], Rate],
        sleep: Callable[[float], object],
        clock: Callable[[], float],
        note: Callable[[str], None] = lambda _host: None,
    ) -> None:
        self._rate_of = rate_of
        self._note = note
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: dict[str, HostState] = {}

    def send(
        self, request: Request, send: Callable[[Request], Response], question: Question
    ) -> Response:
        """The response to a request after up to three tries, whatever its status.

        Raises what `send` raised last, RegistryRateLimitError when the host has asked for a pause
        that is too long to wait for, CannotConnectError when the pass has given up on the host, and
        what `question` says when its time is up.
        """
        host = netloc(request.url)
        state = self._host_state(host)
        waited = 0.0
        for pause in (*_PAUSES, None):
            # Wait for the turn inside: while this request was queued, the host may have gone down
            # or asked for a pause.
            with self._turn(state, request, question):
                waited += self._await_end_of_pause(state, request, question, waited)
                if self._await_token(state, request, question):
                    waited += self._await_end_of_pause(state, request, question, waited)
                self._note(host)
                response = self._try(request, send, question, last=pause is None)
            if response:
                self._note_head_room(state, response)
            if response and response.status not in _TRANSIENT and not is_limit(response):
                return response
            asked = self._requested_pause(state, response, question) if response else None
            too_long = asked is not None and waited + asked > _longest(question, waited)
            if response and (pause is None or too_long):
                return response
            # Less than a moment is no pause: GHCR asks for microseconds.
            if pause is not None and (asked is None or asked < _MOMENT):
                waited += self._wait_within(_full_jitter(pause), request, question)
        raise AssertionError("the last try returns or raises")

    def _try(
        self,
        request: Request,
        send: Callable[[Request], Response],
        question: Question,
        *,
        last: bool,
    ) -> Response | None:
        """None when there was no response, and another try may bring one."""
        try:
            response = send(request)
        except RegistryUnreachableError as exc:
            if question.patience.failed(request, exc, last=last):
                return None
            raise
        question.patience.answered(request)
        return response

    @contextlib.contextmanager
    def _turn(self, state: HostState, request: Request, question: Question) -> Iterator[None]:
        if not state.turns.take(question.left()):
            raise question.time_is_up(request.subject)
        try:
            yield
        finally:
            state.turns.give_back()

    def _host_state(self, host: str) -> HostState:
        with self._lock:
            if host not in self._hosts:
                rate = self._rate_of(host)
                turns = Turns(rate.concurrency or 1)
                self._hosts[host] = HostState(turns, TokenBucket(rate.per_second or math.inf))
            return self._hosts[host]

    def head_room(self) -> dict[str, HeadRoom]:
        """What each host said last is left of its limit, by `host:port`; not all say so."""
        with self._lock:
            states = list(self._hosts.items())
        return {host: state.head_room for host, state in states if state.head_room}

    def _note_head_room(self, state: HostState, response: Response) -> None:
        now = time.time()
        if found := read_head_room(response, now):
            with state.lock:
                state.head_room = replace(found, seen=now)

    def _await_token(self, state: HostState, request: Request, question: Question) -> bool:
        """Keep to the host's rate; whether that took time.

        This is no pause of the host's: it counts against nothing.
        """
        with state.lock:
            delay = state.bucket.take(self._clock())
        if delay > 0:
            self._wait_within(delay, request, question)
        return delay > 0

    def _await_end_of_pause(
        self, state: HostState, request: Request, question: Question, waited: float
    ) -> float:
        """Wait until the host accepts requests again; returns the seconds waited."""
        question.patience.check(request)
        with state.lock:
            pause = state.resume_at.get(question.patience.group, 0.0) - self._clock()
        if pause <= 0:
            return 0.0
        if waited + pause > _longest(question, waited):
            raise RegistryRateLimitError(
                request.subject,
                f"{netloc(request.url)} has asked for a pause of {pause:.0f} s",
                hint="a pass after that asks again",
                retry_after=pause,
            )
        return self._wait(pause)

    def _requested_pause(
        self, state: HostState, response: Response, question: Question
    ) -> float | None:
        """The pause that the response asks for; every request to this host waits for its end."""
        group = question.patience.group
        pause = requested_pause(response, time.time())
        if pause is not None:
            with state.lock:
                # Only a limit is about the whole host; an error may be about one repository.
                longest = _LONGEST_KEPT if is_limit(response) else _MAX_PAUSE
                until = self._clock() + min(pause, longest)
                state.resume_at[group] = max(state.resume_at.get(group, 0.0), until)
        return pause

    def _wait_within(self, seconds: float, request: Request, question: Question) -> float:
        if seconds >= question.left():
            raise question.time_is_up(request.subject)
        return self._wait(seconds)

    def _wait(self, seconds: float) -> float:
        self._sleep(seconds)
        return seconds


def _longest(question: Question, waited: float) -> float:
    """The longest that a request may wait in all, which has waited so long already."""
    return min(_MAX_PAUSE, waited + question.left())


def _full_jitter(seconds: float) -> float:
    """Anything up to twice as long: those that failed together do not come back together."""
    return random.uniform(0, 2 * seconds)  # noqa: S311  spreads requests, guards nothing
