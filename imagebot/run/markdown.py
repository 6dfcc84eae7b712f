"""What a pass did, as a page of Markdown for people: `run --report`. Pure.

What comes from registries and targets is hostile: it is shown and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imagebot.plan.model import Kept, Plan, Published, Update
from imagebot.problem import Problem
from imagebot.publish.escape import code, markdown
from imagebot.run.events import HELD
from imagebot.values import dataclass

_MOST_ROWS = 300
_MAX_BYTES = 900_000
"""A step of a job on GitHub may show 1 MiB."""


@dataclass(frozen=True, slots=True)
class PassReport:
    """The plan of a pass, and what became of it; nothing after a `dry` one."""

    plan: Plan
    published: tuple[Published, ...] = ()
    dry: bool = False


def render(report: PassReport) -> str:
    """A heading, then only what there is: changes, updates, what waits, problems, warnings."""
    plan = report.plan
    held = [kept for kept in plan.kept if kept.decision.code in HELD]
    parts = [
        f"## imagebot: {_headline(report)}\n",
        _table("Published", ("Target", "Route", "What", "Where"), map(_change, report.published)),
        _table(
            "Updates", ("File", "Image", "From", "To", "Type", "Why"), map(_update, plan.updates)
        ),
        _table("Kept back", ("File", "Image", "Why", "Until"), map(_kept, held)),
        _list("Problems", map(_problem, plan.problems)),
        _list("Warnings", map(markdown, plan.warnings)),
    ]
    return _within("\n".join(part for part in parts if part) + "\n")


def _headline(report: PassReport) -> str:
    plan = report.plan
    changed = sum(not (entry.as_before or entry.status == "failed") for entry in report.published)
    parts = [_count(len(plan.updates), "update"), f"{changed} published"]
    if report.dry:
        parts[1] = "nothing published (a dry run)"
    return ", ".join([*parts, _count(len(plan.problems), "problem")])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _change(entry: Published) -> tuple[str, ...]:
    where = code(entry.branch)
    if entry.number:
        shown = f"#{entry.number}"
        safe = entry.url.startswith("https://") and not set(entry.url) & set(' ()<>\\"\n')
        where = f"[{shown}]({entry.url})" if safe else shown
    elif entry.commit:
        where = f"{code(entry.commit[:12])} on {code(entry.branch)}"
    return code(entry.target), code(entry.route), f"{entry.status}", where


def _update(update: Update) -> tuple[str, ...]:
    field = update.field
    current = field.reference
    return (
        code(_place(update.target.name, field.path, field.line)),
        code(current.name),
        code(_version(current.tag, current.digest)),
        code(_version(update.tag or current.tag, update.digest or current.digest)),
        str(update.decision.update_type),
        markdown(update.decision.reason),
    )


def _kept(kept: Kept) -> tuple[str, ...]:
    field, decision = kept.field, kept.decision
    until = decision.eligible_at
    return (
        code(_place(kept.target.name, field.path, field.line)),
        code(str(field.reference)),
        markdown(decision.reason),
        f"{until:%Y-%m-%d %H:%M %Z}" if until else "",
    )


def _place(target: str, path: str, line: int) -> str:
    return f"{target}: {path}:{line}" if target else f"{path}:{line}"


def _version(tag: str | None, digest: str | None) -> str:
    short = [digest[:19]] if digest else []
    return " ".join([*([tag] if tag else []), *short]) or "(none)"


def _problem(problem: Problem) -> str:
    hint = f"<br>{markdown(problem.hint)}" if problem.hint else ""
    return f"{code(problem.code)} {markdown(problem.placed)}{hint}"


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    head = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([f"### {title}\n", *head, *_first(lines)]) + "\n"


def _list(title: str, entries: Iterable[str]) -> str:
    lines = [f"- {entry}" for entry in entries]
    return "\n".join([f"### {title}\n", *_first(lines)]) + "\n" if lines else ""


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_MOST_ROWS]
    if len(lines) > _MOST_ROWS:
        yield f"\n… and {len(lines) - _MOST_ROWS} more"


def _within(text: str) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= _MAX_BYTES:
        return text
    cut = data[:_MAX_BYTES].decode("utf-8", "ignore").rpartition("\n")[0]
    return f"{cut}\n\n… the report is cut off here\n"
