"""What `run` prints of its passes: tables and JSON for people and programs, or a log of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from imagebot.cli.output import (
    finish,
    print_nudged,
    print_plan,
    print_plan_json,
    print_published,
)
from imagebot.cli.reports import Reports
from imagebot.errors import FolderError
from imagebot.problem import Exit, Problem
from imagebot.run.hiding import without_secrets
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.http.pauses import HeadRoom
    from imagebot.plan.model import Plan, Published
    from imagebot.run.diagnostics import Diagnostics
    from imagebot.run.journal import Journal
    from imagebot.run.passes import PassResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """`journal` is there where the passes are a log of events: then stdout has only what `format`
    asks for. `format` None is what is usual; `quiet` prints nothing of a pass that did nothing.
    """

    diagnostics: Diagnostics
    journal: Journal | None
    format: str | None
    explain: bool
    kept: bool
    quiet: bool
    reports: Reports

    def done(self, result: PassResult, *, seconds: float) -> Exit:
        """Print a pass; returns the exit code of the command."""
        result = replace(result, plan=without_secrets(result.plan, self.diagnostics.vault))
        if self.journal is None:
            code = self._in_full(result)
        else:
            self._asked_for(result)
            code = self.journal.tell(result, seconds=seconds)
        return self._report(code, result.plan, result.published)

    def dry(self, plan: Plan, head_room: Mapping[str, HeadRoom]) -> Exit:
        """Print what a pass would do, as `plan` does."""
        code = finish(
            plan,
            self.diagnostics,
            self.format or "table",
            head_room=head_room,
            explain=self.explain,
            kept=self.kept,
        )
        return self._report(code, plan, dry=True)

    def _in_full(self, result: PassResult) -> Exit:
        did_nothing = all(entry.as_before for entry in result.published)
        return finish(
            result.plan,
            self.diagnostics,
            self.format or "table",
            published=result.published,
            nudged=result.nudged,
            head_room=result.head_room,
            explain=self.explain,
            kept=self.kept,
            silent=self.quiet and did_nothing and not result.plan.problems,
        )

    def _asked_for(self, result: PassResult) -> None:
        """Beside the log only what was asked for; JSON on one line, as the log's."""
        if self.format == "json":
            print_plan_json(
                result.plan,
                result.published,
                head_room=result.head_room,
                explain=self.explain,
                one_line=True,
            )
        elif self.format == "table":
            print_plan(result.plan, explain=self.explain, kept=self.kept)
            print_published(result.published)
            print_nudged(result.nudged)

    def _report(
        self, code: Exit, plan: Plan, published: tuple[Published, ...] = (), *, dry: bool = False
    ) -> Exit:
        if not self.reports.wanted:
            return code
        from imagebot.run.markdown import PassReport

        try:
            self.reports.write(PassReport(plan, published, dry=dry))
        except FolderError as error:
            self.diagnostics.problem(Problem.of_error("target", "report", error))
            return code or Exit.FAILED
        return code
