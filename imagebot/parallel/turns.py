"""A few at a time work, and whoever only waits lets another one work."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Turns:
    """At most `at_once` threads have a turn."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.Semaphore(at_once)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and have it in here."""
        with self._free:
            yield

    @contextlib.contextmanager
    def given_up(self) -> Iterator[None]:
        """In here another thread has the turn of this one, which then waits for a new one."""
        self._free.release()
        try:
            yield
        finally:
            self._free.acquire()
