"""Writes problems, warnings and progress to stderr, as text or as one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from typing import Literal, TextIO

from imagebot.config.secret import Vault
from imagebot.parallel.threads import Progress
from imagebot.plan.model import Plan
from imagebot.problem import Problem, shorten
from imagebot.run.events import PASS, Event, Level, of_problem
from imagebot.text import indented_lines, inert_json, printable_line
from imagebot.values import dataclass

LogFormat = Literal["text", "json"]
_LABELS: Mapping[Level, str] = {"info": "", "warning": "warning: ", "error": "problem: "}
_COLOURS: Mapping[Level, str] = {
    "info": "",
    "warning": "\x1b[33m\x1b[1m",
    "error": "\x1b[31m\x1b[1m",
}
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`vault` hides what it knows in everything that is written, to `stream`; None: to stderr."""

    format: LogFormat = "text"
    quiet: bool = False
    vault: Vault = field(default_factory=Vault, repr=False)
    stream: TextIO | None = field(default=None, repr=False)

    def info(self, message: str) -> None:
        if not self.quiet:
            self.event(Event(name="message", level="info", message=message))

    def warning(self, message: str, *, hint: str = "") -> None:
        self.event(Event(name="warning", level="warning", message=message, hint=hint))

    def problem(self, problem: Problem) -> None:
        self.event(of_problem(problem))

    def failure(self, message: str, *, code: str = "", hint: str = "") -> None:
        """Write the error that ended the command; as text it has no label."""
        event = Event(
            name="failure", level="error", message=message, hint=hint, data={"code": code or None}
        )
        self._write(event, label="")

    def event(self, event: Event) -> None:
        """Write an event; when quiet, not the line that every pass has."""
        if not (self.quiet and event.name == PASS):
            self._write(event, label=_LABELS[event.level] if event.name != PASS else "")

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

    def _write(self, event: Event, *, label: str) -> None:
        hide = self.vault.hide
        if self.format == "text":
            text = _coloured(label, _COLOURS[event.level], event.text or event.message)
            self._write_line(hide(text + _hint_line(event.hint)))
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {
            "time": now,
            "level": event.level,
            "event": event.name,
            "message": event.message,
            "hint": event.hint or None,
            **event.data,
        }
        self._write_line(inert_json(json.dumps(_hidden(entry, hide), ensure_ascii=True)))

    def _write_line(self, text: str) -> None:
        stream = self.stream or sys.stderr
        stream.write(text + "\n")
        stream.flush()


def _hidden(value: object, hide: Callable[[str], str]) -> object:
    """A value of JSON without the secrets in its texts."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _hidden(each, hide) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each, hide) for each in value]
    return value


def _coloured(label: str, colour: str, message: str) -> str:
    """The message after its label, which has a colour on a terminal."""
    shown = f"{colour}{label}{_PLAIN}" if label and sys.stderr.isatty() else label
    return shown + printable_line(message)


def _hint_line(hint: str) -> str:
    return f"\nhint: {indented_lines(hint, 6)}" if hint else ""


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
