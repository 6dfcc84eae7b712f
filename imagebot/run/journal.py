"""The log of passes: what changed from one to the next, and a line where nothing did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from imagebot.errors import ConfigurationError, ImagebotError
from imagebot.problem import Exit, Problem, exit_of
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.events import PASS, Event, happened, of_problem, pending, standing, told

if TYPE_CHECKING:
    from imagebot.nudge.model import Nudged
    from imagebot.run.passes import PassResult


class Journal:
    """Writes each pass to the log of a process, and remembers what stood at the last one.

    What stands from pass to pass (a problem, a warning, an update that is kept back) is written
    when it comes up and, for a problem, when it is gone; in between it is in the count of the
    line of its pass. `about` is in the data of every event. For one thread.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.about: Mapping[str, object] = {}
        self._standing: dict[str, Event] = {}

    def tell(self, result: PassResult, *, seconds: float) -> Exit:
        """Write a pass that took so many seconds; returns its exit code."""
        plan, published = result.plan, result.published
        done = list(happened(plan, published))
        for event in done:
            self._write(event)
        self.tell_nudges(result.nudged)
        changed = self._stand(standing(plan, published)) or bool(done)
        counts = {
            "updates": len(plan.updates),
            "published": len(done),
            "pending": pending(plan.updates, published),
            "kept": len(plan.kept),
            "unread": len(plan.unread),
            "warnings": len(plan.warnings),
            "problems": len(plan.problems),
        }
        shown = ", ".join(_counted(counts[name], name) for name in _SHOWN)
        self._write(
            Event(
                name=PASS,
                level="error" if plan.problems else "info",
                message=f"{'pass done' if changed else 'nothing changed'}: {shown}",
                data={"changed": changed, **counts, "seconds": round(seconds, 3)},
            )
        )
        return exit_of(plan.problems)

    def tell_nudges(self, nudged: Iterable[Nudged]) -> None:
        """Write who was told of the commits of a pass."""
        for event in told(nudged):
            self._write(event)

    def tell_failure(self, error: ImagebotError) -> Exit:
        """Write what kept a pass from beginning."""
        self._stand(map(of_problem, _problems(error)))
        self._write(
            Event(
                name=PASS,
                level="error",
                message="the pass could not begin",
                data={"changed": False, "problems": len(list(_problems(error)))},
            )
        )
        return Exit.FAILED

    def _write(self, event: Event) -> None:
        self.diagnostics.event(replace(event, data={**self.about, **event.data}))

    def _stand(self, events: Iterable[Event]) -> bool:
        """Write what is new since the last pass, and the problems that are gone."""
        now = {event.key: event for event in events}
        new = [event for key, event in now.items() if key not in self._standing]
        gone = [event for key, event in self._standing.items() if key not in now]
        for event in new:
            self._write(event)
        for event in gone:
            if event.name == "problem":
                self._write(_solved(event))
        self._standing = now
        return bool(new or gone)


_SHOWN = ("updates", "published", "kept", "problems")


def _counted(number: int, name: str) -> str:
    return f"{number} {name.removesuffix('s') if number == 1 else name}"


def _solved(problem: Event) -> Event:
    return Event(
        name="solved", level="info", message=f"solved: {problem.message}", data=problem.data
    )


def _problems(error: ImagebotError) -> Iterable[Problem]:
    if not isinstance(error, ConfigurationError):
        return (Problem.of_error("target", "", error),)
    return tuple(
        Problem(
            scope="file",
            subject=issue.path,
            code=error.code,
            message=str(issue),
            hint=issue.hint,
        )
        for issue in error.issues
    )
