"""The files as a plan wants them: edits, made and proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from imagebot.errors import ImagebotError, RefusedEditError
from imagebot.files.rewrite import FileChange, Unwritten
from imagebot.manifest.companion import Content, companion_of, edit_content
from imagebot.manifest.images.field import Slot
from imagebot.manifest.yaml.events import prepare
from imagebot.parallel.processes import map_forked, usable_processes
from imagebot.plan.file_changes import before, change_to, changed_by, ids_of
from imagebot.plan.model import Plan, Update
from imagebot.problem import Problem
from imagebot.scan.source import Source
from imagebot.values import dataclass

# Starting processes costs as much as editing so many bytes, or so many files.
_WORTH_BYTES = 512 * 1024
_WORTH_FILES = 400
_CHUNK = 16
# Each refused update costs a few edits of its file.
_MOST_REFUSED = 100


@dataclass(frozen=True, slots=True)
class Edited:
    """`refused` are the ids of updates that could not be made exactly; each has its problem."""

    changes: tuple[FileChange, ...]
    refused: frozenset[str]
    problems: tuple[Problem, ...]


_NONE: Mapping[str, FileChange] = {}


def make_edits(
    source: Source, updates: Sequence[Update], *, made_before: Mapping[str, FileChange] = _NONE
) -> Edited:
    """Edit every file that `updates` (in the order of the files) touch.

    One update that must be refused does not stop the others of its file. `made_before` are edits,
    by path, of files that are the same: one with just these updates is not made again.
    """
    by_path = {path: list(group) for path, group in groupby(updates, key=lambda u: u.field.path)}
    found = {path: made_before[path] for path in by_path if path in made_before}
    found = {path: each for path, each in found.items() if each.updates == ids_of(by_path[path])}
    failures: list[tuple[Update, ImagebotError]] = []
    contents: dict[str, Content] = {}
    for path, content in _read(source, [path for path in by_path if path not in found]):
        if isinstance(content, ImagebotError):
            failures += [(update, content) for update in by_path[path]]
        else:
            contents[path] = content
    for path, made in _edit_files(contents, by_path):
        if made is None:
            change, refused = _edit_what_can_be(path, contents[path], by_path[path])
            failures += refused
        else:
            change = change_to(made, path, contents[path], by_path[path])
        if change.new != change.old:
            found[path] = change
    return Edited(
        tuple(found[path] for path in by_path if path in found),
        frozenset(update.id for update, _ in failures),
        tuple(_problem(update, error) for update, error in failures),
    )


def _read(source: Source, paths: Sequence[str]) -> Iterator[tuple[str, Content | ImagebotError]]:
    """The manifests at these paths, each with its companion."""
    beside = {path: companion for path in paths if (companion := companion_of(path))}
    beside = {path: companion for path, companion in beside.items() if source.has(companion)}
    companions = list(beside.values())
    source.fetch([*paths, *companions])
    read = dict(source.read(companions)) if companions else {}
    for path, data in source.read(paths):
        known = read.get(beside.get(path, ""))
        if isinstance(data, ImagebotError):
            yield path, data
        elif isinstance(known, ImagebotError):
            yield path, known
        else:
            yield path, Content(data, known)


@dataclass(frozen=True, slots=True)
class PlanWithEdits:
    """A plan, and the files as they will be: everything but the publishing."""

    plan: Plan
    changes: tuple[FileChange, ...]


def edit_plan(
    source: Source, plan: Plan, *, made_before: Mapping[str, FileChange] = _NONE
) -> PlanWithEdits:
    """Make the edits of a plan; an update that must be refused becomes a problem of the plan.

    `made_before` as in `make_edits`.
    """
    edited = make_edits(source, plan.updates, made_before=made_before)
    return PlanWithEdits(without_refused(plan, edited), edited.changes)


def keep_edits(planned: PlanWithEdits) -> PlanWithEdits:
    """The edits that the plan's updates make, after others have been taken out of the plan.

    A file that also had edits of others is edited anew, from what it was.
    """
    by_path: dict[str, list[Update]] = {}
    for update in planned.plan.updates:
        by_path.setdefault(update.field.path, []).append(update)
    changes: list[FileChange] = []
    failures: list[tuple[Update, RefusedEditError]] = []
    for change in planned.changes:
        updates = by_path.get(change.path, [])
        ids = {update.id for update in updates}
        if ids.issuperset(change.updates):
            changes.append(change)
        elif updates:
            anew, refused = _edit_what_can_be(change.path, before(change), updates)
            failures += refused
            if anew.new != anew.old:
                changes.append(anew)
    lost = frozenset(update.id for update, _ in failures)
    problems = tuple(_problem(update, error) for update, error in failures)
    plan = without_refused(planned.plan, Edited(tuple(changes), lost, problems))
    return PlanWithEdits(plan, tuple(changes))


def without_refused(plan: Plan, edited: Edited) -> Plan:
    """The plan with every refused update turned into its problem."""
    if not edited.refused:
        return plan
    return replace(
        plan,
        updates=tuple(update for update in plan.updates if update.id not in edited.refused),
        problems=(*plan.problems, *edited.problems),
    )


def without_unwritten(plan: Plan, unwritten: Iterable[Unwritten]) -> Plan:
    """The plan with the updates of every file that could not be written turned into its problem."""
    every = tuple(unwritten)
    lost = {update for each in every for update in each.change.updates}
    problems = tuple(_unwritten_problem(each) for each in every)
    return replace(
        plan,
        updates=tuple(update for update in plan.updates if update.id not in lost),
        problems=(*plan.problems, *problems),
    )


def _unwritten_problem(unwritten: Unwritten) -> Problem:
    path, error = unwritten.change.path, unwritten.error
    return Problem.of_error("file", path, error, path=path)


def _edit_files(
    contents: Mapping[str, Content], updates: Mapping[str, Sequence[Update]]
) -> Iterator[tuple[str, Content | None]]:
    """The new content of each file, in their order; None where an update has to be refused."""

    def work(paths: Sequence[str]) -> list[Content | None]:
        return [_edit(path, contents[path], updates[path]) for path in paths]

    paths = list(contents)
    parts = [paths[at : at + _CHUNK] for at in range(0, len(paths), _CHUNK)]
    processes = 1
    size = sum(len(content.data) for content in contents.values())
    if size > _WORTH_BYTES or len(paths) > _WORTH_FILES:
        processes = usable_processes()
        prepare()
    made = map_forked(work, parts, processes=processes) if processes > 1 else map(work, parts)
    for part, new in zip(parts, made, strict=True):
        yield from zip(part, new, strict=True)


def _edit(path: str, content: Content, updates: Sequence[Update]) -> Content | None:
    try:
        return edit_content(path, content, [update.edit for update in updates])
    except RefusedEditError:
        return None


def _edit_what_can_be(
    path: str, content: Content, updates: Sequence[Update]
) -> tuple[FileChange, list[tuple[Update, RefusedEditError]]]:
    """As many of `updates` as are not refused; those of one shared text stand and fall together."""
    attempt = _Attempt(change_to(content, path, content, ()))
    attempt.make(_together(updates))
    return attempt.change, attempt.failures


def _together(updates: Sequence[Update]) -> list[list[Update]]:
    """The updates in groups that share an id, or texts through anchors: a tag, a digest, or both.

    In the order of their first updates.
    """
    groups: dict[int, list[Update]] = {}
    owners: dict[Slot | str, int] = {}
    for number, update in enumerate(updates):
        shared = _shared(update)
        met = sorted({owners[each] for each in shared if each in owners})
        first = met[0] if met else number
        group = groups.setdefault(first, [])
        group.append(update)
        owners |= dict.fromkeys(shared, first)
        for other in met[1:]:
            moved = groups.pop(other)
            group += moved
            for each in moved:
                owners |= dict.fromkeys(_shared(each), first)
    return list(groups.values())


def _shared(update: Update) -> list[Slot | str]:
    """What another update may have too."""
    slots = (update.field.tag, update.field.digest)
    return [update.id, *(slot for slot in slots if slot is not None)]


class _Attempt:
    """One file whose updates are not all exact: the refused ones are found by halving.

    `change` has the edits of all of `made`.
    """

    def __init__(self, change: FileChange) -> None:
        self.change = change
        self.made: list[Update] = []
        self.failures: list[tuple[Update, RefusedEditError]] = []

    def make(self, groups: list[list[Update]]) -> None:
        """Make those updates that can be made beside what is made already."""
        updates = [update for group in groups for update in group]
        if len(self.failures) > _MOST_REFUSED:
            reason = f"more than {_MOST_REFUSED} updates of this file were refused already"
            self.failures += [
                (each, RefusedEditError(self.change.path, each.field.line, reason))
                for each in updates
            ]
            return
        try:
            self.change = changed_by(self.change, (*self.made, *updates))
        except RefusedEditError as error:
            if len(groups) == 1:
                own = _named_after(updates, error)
                self.failures += [(update, own) for update in updates]
                return
            half = len(groups) // 2
            self.make(groups[:half])
            self.make(groups[half:])
        else:
            self.made += updates


def _named_after(updates: Sequence[Update], error: RefusedEditError) -> RefusedEditError:
    """A refusal with a line of those that it is of: the proof of a document with many edits knows
    but the first of them. What is wrong with the whole file keeps its 0."""
    lines = [update.field.line for update in updates]
    if error.line in (0, *lines):
        return error
    return RefusedEditError(error.path, min(lines), error.reason, hint=error.hint)


def _problem(update: Update, error: ImagebotError) -> Problem:
    field = update.field
    return Problem.of_error("field", str(field.reference), error, path=field.path, line=field.line)
