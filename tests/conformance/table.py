"""A table of facts, and what differs from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Answer = bool | str | None | tuple[str, ...]
Question = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Facts of one kind. A row is a question, as arguments of `ask`, and then their answer.

    `differs` has a line for each question that imagebot answers otherwise: the kind of the
    difference, which is one of `deviations.KINDS`, and imagebot's answer.
    """

    name: str
    ask: Callable[..., Answer]
    rows: Sequence[tuple[Answer, ...]]
    differs: Mapping[Question, tuple[str, Answer]] = field(default_factory=dict)

    def facts(self) -> Iterator[tuple[Question, Answer]]:
        for row in self.rows:
            yield row[:-1], row[-1]  # type: ignore[misc]  # every part but the last is a text


def wrong_rows(table: Table) -> list[str]:
    """A line for each row whose answer is not the one that the table, or its `differs`, has."""
    lines: list[str] = []
    for question, theirs in table.facts():
        ours = table.ask(*question)
        expected = table.differs[question][1] if question in table.differs else theirs
        if ours != expected:
            lines.append(
                f"{question}: {ours!r}, not {expected!r}, {_status(table, question, ours)}"
            )
    return lines


def _status(table: Table, question: Question, ours: Answer) -> str:
    if question not in table.differs:
        return "and differs has no line for it"
    theirs = dict(table.facts())[question]
    return "as theirs: remove its line from differs" if ours == theirs else "nor as theirs"
