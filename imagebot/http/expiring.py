"""Keep values for a time, and no more than a number of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Expiring(Generic[K, V]):
    """Safe between threads. When it is full and nothing has expired, it drops everything."""

    def __init__(self, clock: Callable[[], float], *, limit: int = 4096) -> None:
        self._clock = clock
        self._limit = limit
        self._lock = threading.Lock()
        self._values: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        """The value, until it expires."""
        with self._lock:
            until, value = self._values.get(key, (0.0, None))
        return value if value is not None and self._clock() < until else None

    def keep(self, key: K, value: V, seconds: float) -> None:
        now = self._clock()
        with self._lock:
            if len(self._values) >= self._limit:
                self._values = {k: v for k, v in self._values.items() if now < v[0]}
            if len(self._values) >= self._limit:
                self._values.clear()
            self._values[key] = (now + seconds, value)

    def kept(self, wanted: Callable[[K], bool]) -> list[V]:
        """The values of some keys, also those that have expired and are still there."""
        with self._lock:
            return [value for key, (_, value) in self._values.items() if wanted(key)]

    def drop(self, unwanted: Callable[[V], bool]) -> None:
        with self._lock:
            self._values = {k: v for k, v in self._values.items() if not unwanted(v[1])}
