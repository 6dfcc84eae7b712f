"""How much work a call is, counted instead of timed: the same on every machine, however busy.

What C code does (regular expressions, the parser) cannot be counted. There `growth` compares the
time that the processor itself spent on a small input and on a large one.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_steps(call: Callable[[], object]) -> int:
    """The steps that Python's interpreter takes in `call`: what C code does within one is not seen.

    A second call takes as many, once what the first one imported or kept is there.
    """
    steps = 0

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        nonlocal steps
        # 3.13 traces opcodes of a frame that has a trace function at the time it is asked to.
        frame.f_trace = trace
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        steps += event == "opcode"
        return trace

    # 3.12 traces opcodes only when a frame has asked for them before tracing begins.
    sys._getframe().f_trace_opcodes = True
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return steps


def is_linear(small: int, large: int) -> bool:
    """Whether the steps grow with the size, `large` being those of eight times as much.

    The square would be 64 times as many. Exactly eight times leaves no room: what is done once,
    or for each chunk, counts a little differently in every version of Python.
    """
    return 0 < large <= 10 * small


def growth(call: Callable[[int], object], small: int, large: int, *, most: float) -> float:
    """How many times as much work `call(large)` is as `call(small)`: no more than `most` is fine.

    In time of this thread alone, so that other processes do not count; and the least of several
    tries, of which there are more only where the first ones say a little too much.
    """
    found = float("inf")
    least = {small: found, large: found}
    for _ in range(5):
        for size in least:
            least[size] = min(least[size], _processor_seconds(call, size))
        found = least[large] / least[small]
        if found <= most or found > 10 * most:
            break
    return found


def _processor_seconds(call: Callable[[int], object], size: int) -> float:
    collects = gc.isenabled()
    gc.disable()
    try:
        began = time.thread_time()
        call(size)
        return time.thread_time() - began
    finally:
        if collects:
            gc.enable()
