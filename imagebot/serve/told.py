"""Says the same thing once a minute at most: anybody may knock, and nobody may fill the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import field

from imagebot.values import dataclass

_AGAIN = 60.0
_MOST = 1000


@dataclass(slots=True)
class Told:
    """Remembers what was said. Safe between threads; `clock` returns seconds from any start."""

    clock: Callable[[], float] = time.monotonic
    _when: dict[Hashable, float] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def is_due(self, what: Hashable) -> bool:
        """Whether to say this now; then it is as good as said."""
        now = self.clock()
        with self._lock:
            if now - self._when.get(what, -_AGAIN) < _AGAIN:
                return False
            if len(self._when) >= _MOST:
                self._when.clear()
            self._when[what] = now
            return True
