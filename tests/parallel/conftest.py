"""A clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.support.process import PATIENCE


class Clock:
    """Time goes on only while somebody sleeps, and only as long as it may."""

    def __init__(self) -> None:
        self.now = 100.0
        self.until = 100.0
        self.left: list[tuple[float, int]] = []
        self._turn = threading.Condition()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self.now < self.until, PATIENCE)
            self.now += seconds

    def let_pass(self, seconds: float) -> None:
        with self._turn:
            self.until += seconds
            self._turn.notify_all()

    def leave(self, status: int) -> None:
        self.left.append((self.now - 100.0, status))


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.let_pass(1000)
