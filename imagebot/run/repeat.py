"""Run one pass after another until a signal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import FrameType

from imagebot.errors import ImagebotError
from imagebot.parallel.stop import Stop
from imagebot.problem import Exit
from imagebot.run.journal import Journal
from imagebot.run.signals import on_interrupt


def repeat(one_pass: Callable[[], Exit], seconds: int, journal: Journal, stop: Stop) -> Exit:
    """Start a pass every `seconds` (at once when one took longer) until SIGTERM or SIGINT.

    SIGTERM (whose handler asks `stop`) ends the pass; the first SIGINT lets it finish. Where SIGINT
    is ignored, as for a background job of a shell, it stays ignored.

    A configuration that is wrong at the first pass ends the loop; one that breaks later is reported
    and tried again, because somebody may fix it. Returns the exit code of the last pass. Raises
    KeyboardInterrupt when a pass was interrupted.
    """
    soon = threading.Event()

    def end_soon(number: int, frame: FrameType | None) -> None:
        del number, frame
        if soon.is_set():
            stop.ask(hurry=True)
        soon.set()

    on_interrupt(end_soon)
    started = time.monotonic()
    last = one_pass()
    while not _wait(soon, max(0.0, seconds - (time.monotonic() - started))):
        started = time.monotonic()
        last = _guarded(one_pass, journal)
    journal.diagnostics.info("asked to stop; the last pass is finished")
    return last


def _wait(soon: threading.Event, seconds: float) -> bool:
    """Whether to end now; nothing is under way, so that nothing is interrupted."""
    try:
        return soon.wait(seconds)
    except KeyboardInterrupt:
        return True


def _guarded(one_pass: Callable[[], Exit], journal: Journal) -> Exit:
    try:
        return one_pass()
    except ImagebotError as error:
        return journal.tell_failure(error)
