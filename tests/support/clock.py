"""Time for the deadlines of the product: conditions drive it, not how busy the machine is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace


@dataclass(slots=True)
class Clock:
    """Seconds that pass only where a test adds them to `now`."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def late_once(ready: Callable[[], bool]) -> SimpleNamespace:
    """For the name `time` of a module: no time passes until `ready`, and then much at each look.

    So a deadline is over as soon as what has to be there before is there.
    """
    now = itertools.count(1_000_000, 1_000_000)
    return SimpleNamespace(monotonic=lambda: float(next(now)) if ready() else 0.0)
