"""The files as a plan wants them: edits, made and proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from imagebot.errors import ImagebotError, RefusedEditError
from imagebot.inventory import Source
from imagebot.manifest.edit import edit
from imagebot.manifest.parallel import edit_many
from imagebot.plan import FileChange, Plan, Problem, Update
from imagebot.threads import usable_processes


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
    contents: dict[str, bytes] = {}
    failures: list[tuple[Update, ImagebotError]] = []
    for path, data in source.read(list(by_path)):
        if isinstance(data, ImagebotError):
            failures += [(update, data) for update in by_path[path]]
        else:
            contents[path] = data
    items = [
        (path, data, [update.edit for update in by_path[path]]) for path, data in contents.items()
    ]
    changes: list[FileChange] = []
    for path, result in edit_many(items, processes=usable_processes()):
        made = by_path[path]
        if isinstance(result, bytes):
            new = result
        else:
            new, made, refused = _edit_what_can_be(path, contents[path], made)
            failures += refused
        if new != contents[path]:
            ids = tuple(update.id for update in made)
            changes.append(FileChange(path, contents[path], new, ids))
    return Edited(
        tuple(changes),
        frozenset(update.id for update, _ in failures),
        tuple(_problem(update, error) for update, error in failures),
    )


def without_refused(plan: Plan, edited: Edited) -> Plan:
    """The plan with every refused update turned into its problem."""
    return replace(
        plan,
        updates=tuple(update for update in plan.updates if update.id not in edited.refused),
        problems=(*plan.problems, *edited.problems),
    )


def _edit_what_can_be(
    path: str, data: bytes, updates: Sequence[Update]
) -> tuple[bytes, list[Update], list[tuple[Update, RefusedEditError]]]:
    """As many of `updates` as are not refused; those of one shared text stand and fall together."""
    groups: dict[object, list[Update]] = {}
    for update in updates:
        field = update.field
        shared = (field.tag, field.digest) if field.shared > 1 else update.id
        groups.setdefault(shared, []).append(update)
    made: list[Update] = []
    new = data
    failures: list[tuple[Update, RefusedEditError]] = []
    for group in groups.values():
        try:
            new = edit(path, data, [each.edit for each in (*made, *group)])
        except RefusedEditError as error:
            failures += [(update, error) for update in group]
        else:
            made += group
    return new, made, failures


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
