"""Results on stdout: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from imagebot.plan.withheld import CODES, Withheld, withheld
from imagebot.problem import Exit, exit_of
from imagebot.run.events import describe
from imagebot.run.hiding import without_secrets
from imagebot.text import inert_json, printable, printable_line, printable_lines

if TYPE_CHECKING:
    from imagebot.http.pauses import HeadRoom
    from imagebot.manifest.images.field import ImageField
    from imagebot.nudge.model import Nudged
    from imagebot.plan.model import Kept, Plan, Published, Update
    from imagebot.policy.model import Decision
    from imagebot.run.diagnostics import Diagnostics

_COLOURS = {"major": "red", "minor": "yellow", "patch": "green", "digest": "cyan", "other": "blue"}
_MOST_REASONS = 20
# A few long names do not widen every row; they only break their own alignment.
_WIDEST = 60
_LINES = 500


def print_json(document: dict[str, Any], *, one_line: bool = False) -> None:
    # There is no stream where the caller has closed it.
    encoding = getattr(sys.stdout, "encoding", "utf-8")
    indent = None if one_line else 2
    text = json.dumps(document, indent=indent, ensure_ascii=encoding.lower() != "utf-8")
    click.echo(inert_json(text))


def print_rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print aligned columns, never cut: a pipe gets the same as a terminal, without colours."""
    table = [tuple(header), *(tuple(printable(cell) for cell in row) for row in rows)]
    columns = range(len(header))
    widths = [min(max(len(row[column]) for row in table), _WIDEST) for column in columns]
    first, *others = (
        printable_line("  ".join(map(str.ljust, row, widths)).rstrip()) for row in table
    )
    _print_lines((click.style(first, bold=True), *others))


def _print_lines(lines: Iterable[str]) -> None:
    """Print many lines at a time: click looks at its stream and at colours each time."""
    rest = iter(lines)
    while some := list(islice(rest, _LINES)):
        click.echo("\n".join(some))


def print_plan(plan: Plan, *, explain: bool = False, kept: bool = False) -> None:
    """Print the updates by file, and what is withheld.

    With `kept` or `explain` everything that stays as it is, and why.
    """
    _print_lines(_update_lines(plan.updates, explain=explain))
    if not (kept or explain):
        _print_lines(_withheld_line(each) for each in withheld(plan))
        return
    for entry in plan.kept:
        _print_lines(_kept_lines(entry, explain=explain))
    for unread in plan.unread:
        line = f":{unread.line}" if unread.line else ""
        click.echo(printable_line(f"unread {unread.path}{line}: {unread.reason}"))


def _update_lines(updates: Sequence[Update], *, explain: bool) -> Iterator[str]:
    path = None
    for update in updates:
        place = _of_target(update.target.name, update.field.path)
        if place != path:
            yield click.style(printable_line(place), bold=True)
            path = place
        yield from _lines_of(update, explain=explain)


def _lines_of(update: Update, *, explain: bool) -> Iterator[str]:
    current, decision = update.field.reference, update.decision
    old = _version(current.tag, current.digest)
    new = _version(update.tag or current.tag, update.digest or current.digest)
    assert decision.update_type is not None
    update_type = click.style(decision.update_type, fg=_COLOURS[decision.update_type])
    where = printable_line(f"  line {update.field.line}: {current.name}  {old} -> {new}  ")
    route = f", route {update.route}" if update.route else ""
    variant = f", variant {decision.variant}" if decision.variant else ""
    said = f"  (policy {decision.policy}{route}{variant})"
    yield f"{where}{update_type}{printable_line(said)}"
    if explain or decision.code not in ("newer", "set"):
        yield printable_line(f"      {decision.code}: {decision.reason}")
    if explain:
        yield from _explanation(update.field, decision)


def _kept_lines(kept: Kept, *, explain: bool) -> Iterator[str]:
    field, decision = kept.field, kept.decision
    place = _of_target(kept.target.name, f"{field.path}:{field.line}")
    line = f"kept {place}: {field.reference}  {decision.reason}"
    yield printable_line(line) + click.style(f"  [{decision.code}]", dim=True)
    if explain:
        yield from _explanation(field, decision)


def _withheld_line(entry: Withheld) -> str:
    field = entry.field
    wanted = f" -> {entry.tag}" if entry.tag else ""
    until = ""
    if entry.until is not None and entry.code != "min-age":  # whose reason says it
        until = f", until {local_time(entry.until)}"
    place = _of_target(entry.target.name, f"{field.path}:{field.line}")
    line = f"withheld {place}: {field.reference}{wanted}  {entry.reason}{until}"
    return printable_line(line) + click.style(f"  [{entry.code}]", dim=True)


def _explanation(field: ImageField, decision: Decision) -> Iterator[str]:
    """Where its repository is, and the tags that were not chosen."""
    from imagebot.policy.explain import name_tags, share_reasons

    if field.repository_from:
        yield printable(f"      its repository is in {field.repository_from}")
    shared = share_reasons(decision.rejections)
    for each in shared[:_MOST_REASONS]:
        until = f", eligible {local_time(each.eligible_at)}" if each.eligible_at else ""
        line = f"not {name_tags(each.tags)}: {each.rule}: {each.reason}{until}"
        yield printable_line(f"      {line}")
    rest = sum(len(each.tags) for each in shared[_MOST_REASONS:])
    if rest:
        yield f"      and {rest} more (--format json has them all)"


def print_published(published: Sequence[Published]) -> None:
    for entry in published:
        click.echo(printable_line(describe(entry)))


def print_nudged(nudged: Sequence[Nudged]) -> None:
    for entry in nudged:
        if entry.problem is None:
            click.echo(printable_line(str(entry)))


def print_plan_json(
    plan: Plan,
    published: Sequence[Published] = (),
    *,
    head_room: Mapping[str, HeadRoom] | None = None,
    explain: bool = False,
    one_line: bool = False,
) -> None:
    from imagebot.plan.report import plan_document

    document = plan_document(plan, published, head_room=head_room, explain=explain)
    print_json(document, one_line=one_line)


def finish(
    plan: Plan,
    diagnostics: Diagnostics,
    output_format: str,
    *,
    published: Sequence[Published] = (),
    nudged: Sequence[Nudged] = (),
    head_room: Mapping[str, HeadRoom] | None = None,
    explain: bool = False,
    kept: bool = False,
    diff: str | None = None,
    silent: bool = False,
) -> Exit:
    """End a command that made a plan: its result on stdout, diagnostics and summary on stderr.

    `diff` is printed instead of the table; when `silent`, no table is. Returns the exit code.
    """
    plan = without_secrets(plan, diagnostics.vault)
    if output_format == "json":
        print_plan_json(plan, published, head_room=head_room, explain=explain)
    elif diff is not None:
        # As it is into a pipe, for `git apply`; made safe on a terminal.
        click.echo(printable_lines(diff) if sys.stdout.isatty() else diff, nl=False)
    elif not silent:
        print_plan(plan, explain=explain, kept=kept)
        print_published(published)
        print_nudged(nudged)
    diagnostics.of_plan(plan)
    if not diagnostics.quiet:
        diagnostics.info(summary(plan))
    return exit_of(plan.problems)


def summary(plan: Plan) -> str:
    parts = [
        count(len(plan.updates), "update"),
        f"{len(plan.kept)} kept",
        count(len(plan.problems), "problem"),
    ]
    if waiting := len(withheld(plan)):
        parts.append(f"{waiting} withheld")
    undecided = sum(
        1
        for kept in plan.kept
        if kept.route and not kept.decision.settled and kept.decision.code not in CODES
    )
    if undecided:
        parts.append(f"{undecided} undecided")
    if plan.unread:
        parts.append(f"{len(plan.unread)} unread")
    return ", ".join(parts)


def local_time(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %Z")


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _of_target(name: str, place: str) -> str:
    return f"{name}: {place}" if name else place


def _version(tag: str | None, digest: str | None) -> str:
    short = f"@{digest.partition(':')[2][:12]}" if digest else ""
    return f"{tag or ''}{short}" or "(none)"
