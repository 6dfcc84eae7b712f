"""Run one pass after another until a signal."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import FrameType

from imagebot.errors import ImagebotError
from imagebot.parallel.stop import Stop
from imagebot.problem import Exit
from imagebot.run.journal import Journal
from imagebot.run.signals import on_interrupt
from imagebot.values import dataclass


def repeat(
    one_pass: Callable[[], Exit],
    seconds: int,
    journal: Journal,
    stop: Stop,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Exit:
    """Start a pass every `seconds` (at once when one took longer) until SIGTERM or SIGINT.

    SIGTERM (whose handler asks `stop`) ends the pass; the first SIGINT lets it finish. Where SIGINT
    is ignored, as for a background job of a shell, it stays ignored.

    A configuration that is wrong at the first pass ends the loop; one that breaks later is reported
    and tried again, because somebody may fix it. Returns the exit code of the last pass. Raises
    KeyboardInterrupt when a pass was interrupted.
    """
    loop = _Loop(one_pass, stop, sleep)
    on_interrupt(loop.interrupt)
    started = time.monotonic()
    last = loop.run()
    while loop.pause(max(0.0, seconds - (time.monotonic() - started))):
        started = time.monotonic()
        last = _guarded(loop.run, journal)
    journal.diagnostics.info("asked to stop; the last pass is finished")
    return last


@dataclass(slots=True)
class _Loop:
    """`last` is asked to be the last pass; `running`: one is under way."""

    one_pass: Callable[[], Exit]
    stop: Stop
    sleep: Callable[[float], None]
    last: bool = False
    running: bool = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT."""
        del number, frame
        if self.last or not self.running:
            self.stop.ask(hurry=True)
        self.last = True

    def run(self) -> Exit:
        self.running = True
        try:
            return self.one_pass()
        finally:
            self.running = False

    def pause(self, seconds: float) -> bool:
        """Wait for the next pass; False when there is none, as nothing is under way here."""
        try:
            if self.last or not self.stop.resume():
                return False
            # An event would take a lock, for which a handler must not wait.
            self.sleep(seconds)
        except KeyboardInterrupt:
            return False
        return not self.last


def _guarded(one_pass: Callable[[], Exit], journal: Journal) -> Exit:
    try:
        return one_pass()
    except ImagebotError as error:
        return journal.tell_failure(error)
