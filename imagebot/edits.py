"""The files as a plan wants them: edits, made and proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from imagebot.errors import ImagebotError, RefusedEditError
from imagebot.inventory import Source
from imagebot.manifest.edit import edit
from imagebot.plan import FileChange, Plan, Problem, Update


@dataclass(frozen=True, slots=True)
class Edited:
    """`refused` are the ids of updates that could not be made exactly; each has its problem."""

    changes: tuple[FileChange, ...]
    refused: frozenset[str]
    problems: tuple[Problem, ...]


def make_edits(source: Source, updates: Sequence[Update]) -> Edited:
    """Edit every file that `updates` (in the order of the files) touch.

    One update that must be refused does not stop the others of its file.
    """
    by_path = {path: list(group) for path, group in groupby(updates, key=lambda u: u.field.path)}
    changes: list[FileChange] = []
    refused: set[str] = set()
    problems: list[Problem] = []
    for path, data in source.read(list(by_path)):
        wanted = by_path[path]
        if isinstance(data, ImagebotError):
            refused.update(update.id for update in wanted)
            problems += [_problem(update, data) for update in wanted]
            continue
        change, failures = edit_file(path, data, wanted)
        if change is not None:
            changes.append(change)
        refused.update(update.id for update, _ in failures)
        problems += [_problem(update, error) for update, error in failures]
    return Edited(tuple(changes), frozenset(refused), tuple(problems))


def without_refused(plan: Plan, edited: Edited) -> Plan:
    """The plan with every refused update turned into its problem."""
    return replace(
        plan,
        updates=tuple(update for update in plan.updates if update.id not in edited.refused),
        problems=(*plan.problems, *edited.problems),
    )


def edit_file(
    path: str, data: bytes, updates: Sequence[Update]
) -> tuple[FileChange | None, list[tuple[Update, RefusedEditError]]]:
    """All `updates` of one file together; where that is refused, as many as are not."""
    try:
        new = edit(path, data, [update.edit for update in updates])
    except RefusedEditError:
        return _edit_one_by_one(path, data, updates)
    return _change(path, data, new, updates), []


def _edit_one_by_one(
    path: str, data: bytes, updates: Sequence[Update]
) -> tuple[FileChange | None, list[tuple[Update, RefusedEditError]]]:
    made: list[Update] = []
    new = data
    failures: list[tuple[Update, RefusedEditError]] = []
    for update in updates:
        try:
            new = edit(path, data, [each.edit for each in (*made, update)])
        except RefusedEditError as error:
            failures.append((update, error))
        else:
            made.append(update)
    return _change(path, data, new, made), failures


def _change(path: str, old: bytes, new: bytes, updates: Sequence[Update]) -> FileChange | None:
    if new == old:
        return None
    return FileChange(path, old, new, tuple(update.id for update in updates))


def _problem(update: Update, error: ImagebotError) -> Problem:
    return Problem(
        scope="field",
        subject=str(update.field.reference),
        path=update.field.path,
        line=update.field.line,
        code=error.code,
        message=error.message,
        hint=error.hint,
    )
