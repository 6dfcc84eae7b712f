"""A manifest with the edits of some updates, and its companion with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imagebot.files.rewrite import FileChange, Rewrite
from imagebot.manifest.companion import Content, companion_of, edit_content
from imagebot.plan.model import Update


def change_of(path: str, content: Content, updates: Sequence[Update]) -> FileChange:
    """The change that these updates make to a manifest. Raises RefusedEditError."""
    made = edit_content(path, content, [update.edit for update in updates])
    return change_to(made, path, content, updates)


def change_to(made: Content, path: str, content: Content, updates: Sequence[Update]) -> FileChange:
    """The change whose edits are made already."""
    beside = None
    if content.companion is not None and made.companion is not None:
        beside = Rewrite(companion_of(path), content.companion, made.companion)
    return FileChange(path, content.data, made.data, ids_of(updates), beside)


def changed_by(change: FileChange, updates: Sequence[Update]) -> FileChange:
    """The same manifest, changed by other updates. Raises RefusedEditError."""
    return change_of(change.path, before(change), updates)


def before(change: FileChange) -> Content:
    """What was there before a change."""
    return Content(change.old, change.companion.old if change.companion else None)


def ids_of(updates: Iterable[Update]) -> tuple[str, ...]:
    return tuple(update.id for update in updates)
