"""Run one pass after another until a signal; always finish the current one."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from imagebot.errors import ConfigurationError, Exit, ImagebotError
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.signals import stop_with


def repeat(one_pass: Callable[[], Exit], seconds: int, diagnostics: Diagnostics) -> Exit:
    """Start a pass every `seconds` (at once when one took longer) until SIGTERM or SIGINT.

    Where SIGINT is ignored, as for a background job of a shell, it stays ignored.

    A configuration that is wrong at the first pass ends the loop; one that breaks later is reported
    and tried again, because somebody may fix it. Returns the exit code of the last pass.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del frame
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    stop_with(ask_to_stop)
    started = time.monotonic()
    last = one_pass()
    while not stop.wait(max(0.0, seconds - (time.monotonic() - started))):
        started = time.monotonic()
        last = _guarded(one_pass, diagnostics)
    diagnostics.info("asked to stop; the last pass is finished")
    return last


def _guarded(one_pass: Callable[[], Exit], diagnostics: Diagnostics) -> Exit:
    try:
        return one_pass()
    except ConfigurationError as error:
        for issue in error.issues:
            diagnostics.warning(str(issue), hint=issue.hint)
    except ImagebotError as error:
        diagnostics.warning(error.message, hint=error.hint)
    return Exit.FAILED
