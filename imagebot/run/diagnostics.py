"""Writes problems, warnings and progress to stderr, as text or as one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from imagebot.config.secret import Vault
from imagebot.parallel.threads import Progress
from imagebot.plan.model import Plan
from imagebot.problem import Problem, shorten
from imagebot.text import indented_lines, printable

LogFormat = Literal["text", "json"]
_RED = "\x1b[31m\x1b[1m"
_YELLOW = "\x1b[33m\x1b[1m"
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`vault` hides what it knows in everything that is written."""

    format: LogFormat = "text"
    quiet: bool = False
    vault: Vault = field(default_factory=Vault, repr=False)

    def info(self, message: str) -> None:
        if not self.quiet:
            self._write("info", message, {}, text=printable(message))

    def warning(self, message: str, *, hint: str = "") -> None:
        data = {"hint": hint} if hint else {}
        text = _coloured("warning: ", _YELLOW, message) + _hint_line(hint)
        self._write("warning", message, data, text=text)

    def problem(self, problem: Problem) -> None:
        data = {
            "scope": problem.scope,
            "subject": problem.subject,
            "code": problem.code,
            "target": problem.target or None,
            "path": problem.path or None,
            "line": problem.line or None,
            "places": [{"path": each.path, "line": each.line} for each in problem.places],
            "hint": problem.hint or None,
        }
        text = _coloured("problem: ", _RED, _placed(problem)) + _hint_line(problem.hint)
        self._write("error", problem.message, data, text=text)

    def failure(self, message: str, *, code: str = "", hint: str = "") -> None:
        """Write the error that ended the command; as text it has no label."""
        data = {"code": code or None, "hint": hint or None}
        self._write("error", message, data, text=printable(message) + _hint_line(hint))

    def of_plan(self, plan: Plan) -> None:
        """Every warning, then the problems."""
        for warning in plan.warnings:
            self.warning(warning)
        self.problems(plan.problems)

    def problems(self, problems: Sequence[Problem]) -> None:
        """The first problems of each kind, and how many more there are."""
        for problem in shorten(problems):
            self.problem(problem)

    def take_log(self) -> None:
        """Write warnings and errors that libraries and adapters log in the same way."""
        logging.basicConfig(handlers=[_Handler(self)], level=logging.WARNING, force=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[Progress | None]:
        """A progress bar on a terminal, nothing elsewhere."""
        if self.quiet or self.format == "json" or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        with Bars(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(label, total=None)
            yield lambda done, of: bars.update(task, completed=done, total=of)

    def _write(self, level: str, message: str, data: Mapping[str, object], *, text: str) -> None:
        hide = self.vault.hide
        if self.format == "text":
            _write_line(hide(text))
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown = {
            key: hide(value) if isinstance(value, str) else value for key, value in data.items()
        }
        entry = {"time": now, "level": level, "message": hide(message), **shown}
        _write_line(json.dumps(entry, ensure_ascii=True))


def _coloured(label: str, colour: str, message: str) -> str:
    """The message after its label, which has a colour on a terminal."""
    shown = f"{colour}{label}{_PLAIN}" if sys.stderr.isatty() else label
    return shown + printable(message)


def _hint_line(hint: str) -> str:
    return f"\nhint: {indented_lines(hint, 6)}" if hint else ""


def _write_line(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _placed(problem: Problem) -> str:
    """The message, after its file and line, or with the places that need what failed."""
    if problem.needed_by:
        return f"{problem.message}; needed by {problem.needed_by}"
    place = f"{problem.path}:{problem.line}" if problem.line else problem.path
    if not place or problem.message.startswith(problem.path):
        return problem.message
    return f"{place}: {problem.message}"


class _Handler(logging.Handler):
    """Log records as diagnostics."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__()
        self.diagnostics = diagnostics

    def emit(self, record: logging.LogRecord) -> None:
        self.diagnostics.warning(record.getMessage())


def open_diagnostics(log_format: LogFormat, quiet: bool, vault: Vault) -> Diagnostics:
    """Diagnostics for a command; the process's log goes the same way."""
    diagnostics = Diagnostics(log_format, quiet, vault)
    diagnostics.take_log()
    return diagnostics
