"""Sweeps the files of a folder for what looks like an image and is managed by nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from imagebot.errors import FolderError, ImagebotError
from imagebot.manifest.images.field import Unread
from imagebot.manifest.sweep.files import is_swept
from imagebot.manifest.sweep.known import Known, known_of
from imagebot.manifest.sweep.sweep import CODE, sweep
from imagebot.parallel.processes import map_forked, usable_processes
from imagebot.scan.inventory import Inventory
from imagebot.scan.workspace import Workspace

# Starting processes costs as much as sweeping so many files.
_WORTH_FILES = 1_000
# What a process sweeps at a time.
_CHUNK = 512
# Nobody reads more; of the rest there is a count.
MOST = 10_000
_NOTHING_KNOWN = Known()


def sweep_workspace(workspace: Workspace, inventory: Inventory) -> tuple[Unread, ...]:
    """What looks like an image in any text file of a folder, and is not in its `inventory`.

    By file, in the order of its lines. A file that cannot be read is listed too. Of more than
    `MOST` entries, the last one says how many more there are.
    """
    known = known_of(inventory.fields, inventory.unread)
    paths = [path for path in workspace.every_path() if is_swept(path)]

    def work(part: Sequence[str]) -> list[Unread]:
        return [entry for path in part for entry in _sweep(workspace, path, known)]

    parts = [paths[at : at + _CHUNK] for at in range(0, len(paths), _CHUNK)]
    processes = usable_processes() if len(paths) > _WORTH_FILES else 1
    swept = map_forked(work, parts, processes=processes) if processes > 1 else map(work, parts)
    return _bounded(entry for part in swept for entry in part)


def _sweep(workspace: Workspace, path: str, known: dict[str, Known]) -> tuple[Unread, ...]:
    own = known.get(path, _NOTHING_KNOWN)
    if own.whole:
        return ()
    ((_, content),) = workspace.read([path])
    if isinstance(content, FolderError):
        return (Unread(path, 0, content.code, content.reason, True),)
    if isinstance(content, ImagebotError):
        return (Unread(path, 0, content.code, content.message, True),)
    return sweep(path, content, own)


def _bounded(entries: Iterator[Unread]) -> tuple[Unread, ...]:
    kept = tuple(islice(entries, MOST))
    first = next(entries, None)
    if first is None:
        return kept
    more = 1 + sum(1 for _ in entries)
    reason = f"{more:,} more places look like images, from this file on"
    return (*kept, Unread(first.path, 0, CODE, reason, True))
