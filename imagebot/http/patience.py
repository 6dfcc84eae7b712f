"""What one pass grants to its registries: time, and which hosts it has given up on."""

from __future__ import annotations

import contextlib
import copy
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import field

from imagebot.errors import RegistryDeadlineError, RegistryError, RegistryUnreachableError
from imagebot.http.address import netloc
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request
from imagebot.http.unreachable import CannotConnectError, SilentHostError, SlowHostError
from imagebot.values import dataclass


class Patience:
    """Safe between threads. `seconds` is the time for all registries of the pass together.

    It runs only while something is asked: a slow Git server takes nothing of it. `clock` returns
    seconds from any start. `group` are those who share what they learn of hosts, as they reach the
    same; None is everybody.
    """

    def __init__(
        self,
        limits: TimeLimits = TimeLimits(),
        *,
        seconds: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._all = _Budget(seconds)
        self._each: dict[str, _Budget] = {}
        self._hosts: dict[str, _Host] = {}
        self.group: Hashable = None

    def of_group(self, group: Hashable) -> Patience:
        """The same time, for those who reach more than everybody."""
        other = copy.copy(self)
        other._hosts = {}  # noqa: SLF001 - a Patience, too
        other.group = group
        return other

    @contextlib.contextmanager
    def question(self, about: str) -> Iterator[Question]:
        """A question about a repository; its time begins now."""
        with self._lock:
            one = self._each.setdefault(about, _Budget(self._limits.repository))
            now = self._clock()
            ends, pass_ends = one.begin(now), self._all.begin(now)
        try:
            yield Question(self, ends, pass_ends)
        finally:
            with self._lock:
                now = self._clock()
                one.end(now)
                self._all.end(now)

    def open_question(self) -> Question:
        """A question that may take for ever; each of its exchanges still has limits."""
        return Question(self, math.inf, math.inf)

    def left(self, question: Question) -> float:
        """Seconds until the question's time is up; 0 when it is."""
        return max(0.0, min(question.ends, question.pass_ends) - self._clock())

    def time_is_up(self, question: Question, subject: str) -> RegistryError:
        """What to raise for a question without time left."""
        if question.pass_ends <= question.ends:
            return RegistryDeadlineError(
                subject,
                f"the {_minutes(self._seconds)} that registries have in one pass are over",
                hint="the next pass asks again; look at the slow registries, or raise "
                "`registry-deadline` in the bot's own file",
            )
        longest = _minutes(self._limits.repository)
        return SlowHostError(subject, f"it took more than {longest} in all", temporary=True)

    def check(self, request: Request) -> None:
        """Raise CannotConnectError when the host is not asked any more in this pass."""
        with self._lock:
            state = self._hosts.get(netloc(request.url))
            down = state.down if state else None
        if down is not None:
            raise CannotConnectError(
                request.subject, down.reason, hint=down.hint, temporary=down.temporary
            )

    def answered(self, request: Request) -> None:
        """The host has answered in time."""
        with self._lock:
            if state := self._hosts.get(netloc(request.url)):
                state.missed = 0

    def failed(self, request: Request, error: RegistryUnreachableError, *, last: bool) -> bool:
        """Remember what a failure says of the host; True when trying again may help.

        `last`: there is no further try.
        """
        host = netloc(request.url)
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            if isinstance(error, SlowHostError):
                state.missed += 1
                if state.missed >= self._limits.misses:
                    state.down = state.down or _gave_up(request, host, state.missed)
                return False
            again = error.temporary and not last and not isinstance(error, SilentHostError)
            if isinstance(error, CannotConnectError) and not again:
                state.down = state.down or error
            return again


@dataclass(frozen=True, slots=True)
class Question:
    """What a thread asks now; `ends` and `pass_ends` are times of the clock of `patience`."""

    patience: Patience
    ends: float
    pass_ends: float

    def left(self) -> float:
        """Seconds until its time is up; 0 when it is."""
        return self.patience.left(self)

    def time_is_up(self, subject: str) -> RegistryError:
        """What to raise when it is."""
        return self.patience.time_is_up(self, subject)


@dataclass(slots=True)
class _Host:
    """`missed`: limits of time, in a row; `down`: why it is not asked any more."""

    missed: int = 0
    down: RegistryUnreachableError | None = field(default=None)


class _Budget:
    """Seconds that pass only while somebody uses them, however many do."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._users = 0
        self._since = 0.0

    def begin(self, now: float) -> float:
        """When they will be used up."""
        if self._users == 0:
            self._since = now
        self._users += 1
        return self._since + self._left

    def end(self, now: float) -> None:
        self._users -= 1
        if self._users == 0:
            self._left -= now - self._since


def _gave_up(request: Request, host: str, missed: int) -> RegistryUnreachableError:
    return RegistryUnreachableError(
        request.subject,
        f"{host} was too slow {missed} times in a row, and is not asked again in this pass",
        temporary=True,
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
