"""What a pull request's text says of updates that it does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC

from imagebot.plan.model import Plan
from imagebot.plan.withheld import Withheld, withheld
from imagebot.publish.changes import Change

_MOST_PATHS = 3


def with_notes(changes: Iterable[Change], plan: Plan) -> tuple[Change, ...]:
    """The changes, each pull request with notes on what is withheld of its route and group.

    The notes are the same in every pass until something changes: no lines of files and no ages.
    """
    every = withheld(plan)
    return tuple(
        replace(change, notes=(*change.notes, *_notes(change, every)))
        if change.mode == "pull-request" and change.updates
        else change
        for change in changes
    )


def _notes(change: Change, every: Sequence[Withheld]) -> tuple[str, ...]:
    mine = {update.field.reference.repository for update in change.updates}
    paths: dict[str, list[str]] = {}
    for each in every:
        alike = change.options.group != "repository" or each.field.reference.repository in mine
        if each.route == change.route and alike:
            paths.setdefault(_note(each), []).append(each.field.path)
    return tuple(f"{note} ({_some(found)})" for note, found in paths.items())


def _note(entry: Withheld) -> str:
    """Without what changes from pass to pass, such as how old a tag is now."""
    reference = entry.field.reference
    what = f"{reference.name} {entry.tag or reference.tag or 'digest'}"
    if entry.code != "min-age":
        why = f"is not proposed: {entry.reason}"
    elif entry.until is None:
        why = "waits for min-age: its age is unknown"
    else:
        why = f"waits for min-age until {entry.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{what} {why}"


def _some(paths: Sequence[str]) -> str:
    known = tuple(dict.fromkeys(paths))
    if len(known) > _MOST_PATHS:
        return f"{len(known)} files"
    return ", ".join(known)
