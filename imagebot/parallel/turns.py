"""A few at a time work, and whoever only waits lets another one work."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from collections.abc import Iterator


class Turns:
    """At most `at_once` threads have a turn; the next one is for the thread that waits longest.

    With a semaphore, a thread that needs many turns would take the one that it has just given back.
    """

    def __init__(self, at_once: int) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        # A locked lock for each thread that waits; unlocking it hands the turn over.
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float = math.inf) -> bool:
        """Wait for a turn, which `give_back` ends; False when there was none within `seconds`."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            given = threading.Lock()
            given.acquire()
            self._waiting.append(given)
        taken = False
        try:
            taken = given.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))
        finally:
            if not taken:
                taken = not self._stop_waiting(given)
        return taken

    def give_back(self) -> None:
        """The turn of this thread ends; the next one has it."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and have it in here."""
        self.take()
        try:
            yield
        finally:
            self.give_back()

    @contextlib.contextmanager
    def given_up(self) -> Iterator[None]:
        """In here another thread has the turn of this one, which then waits for a new one."""
        self.give_back()
        try:
            yield
        finally:
            self.take()

    @contextlib.contextmanager
    def given_up_after(self, seconds: float) -> Iterator[None]:
        """In here this thread keeps its turn for so many seconds at most: as `given_up` from then
        on. So what is usually quick does not queue for a new turn, and what hangs stops nobody."""
        lock = threading.Lock()
        over = gone = False

        def give_up() -> None:
            nonlocal gone
            with lock:
                if not over:
                    gone = True
                    self.give_back()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with lock:
                over = True
            # Until it has ended, this process would not count as one without threads.
            timer.join()
            if gone:
                self.take()

    def _stop_waiting(self, given: threading.Lock) -> bool:
        """False when the turn was handed over at the last moment."""
        with self._lock:
            if given not in self._waiting:
                return False
            self._waiting.remove(given)
            return True
