"""Lists the manifests of a plain folder, Git repository or not.

Links are never followed. What cannot be listed is named all the same, so that reading it says why.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from imagebot.errors import FolderError
from imagebot.glob import matches_any
from imagebot.manifest.ignore import Ignore
from imagebot.manifest.options import ExtraFile
from imagebot.manifest.select import is_manifest_path
from imagebot.printable import printable
from imagebot.processes import map_forked, usable_processes

_MAX_IGNORE_BYTES = 1024 * 1024
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
# After so many folders other processes help, if so many are waiting at least.
_MANY_FOLDERS = 400
_WORTH_SHARING = 8
_name = attrgetter("name")

_Entry: TypeAlias = str | tuple[str, Ignore]
"""The path of a file, or that of a folder (with `/`) and the rules which hold around it."""


def list_files(
    root: str | os.PathLike[str],
    *,
    exclude: tuple[str, ...] = (),
    extra: tuple[ExtraFile, ...] = (),
    processes: int | None = None,
) -> Iterator[str]:
    """The files below `root` that may be manifests, in the order of their names.

    `.gitignore` files are honoured, those above `root` up to the top of its Git repository too;
    `exclude` globs always are. A link to a file within `root` is left out (the file itself is
    listed); one that leads elsewhere is listed, so that reading it says so. `processes` None is
    as many as may be used.

    Raises FolderError when `root` cannot be read.
    """
    top = os.fspath(root)
    if not Path(top).is_dir():
        raise FolderError(top, "no such folder")
    listing = _Listing(top.rstrip("/") or "/.", exclude, extra)
    yield from listing.run([("", _ignored_above(top))], processes)


@dataclass(frozen=True, slots=True)
class _Listing:
    root: str
    exclude: tuple[str, ...]
    extra: tuple[ExtraFile, ...]

    def run(self, entries: Sequence[_Entry], processes: int | None) -> list[str]:
        """Everything in and below `entries`, in their order."""
        found: list[str] = []
        waiting = list(reversed(entries))
        entered = 0
        while waiting:
            entry = waiting.pop()
            if isinstance(entry, str):
                found.append(entry)
                continue
            waiting.extend(self.enter(*entry))
            entered += 1
            if entered == _MANY_FOLDERS and len(waiting) >= _WORTH_SHARING:
                processes = usable_processes() if processes is None else processes
                if processes > 1:
                    return found + self.share(waiting[::-1], processes)
        return found

    def share(self, entries: Sequence[_Entry], processes: int) -> list[str]:
        size = max(1, len(entries) // (4 * processes))
        parts = [entries[at : at + size] for at in range(0, len(entries), size)]
        found = map_forked(lambda part: self.run(part, 1), parts, processes=processes)
        return [path for part in found for path in part]

    def enter(self, prefix: str, ignore: Ignore) -> list[_Entry]:
        """What is in a folder, the last first; `prefix` is its path with `/`, "" for the top."""
        full = f"{self.root}/{prefix}"
        try:
            with os.scandir(full) as scanned:
                entries = sorted(scanned, key=_name)
        except OSError as error:
            if not prefix:
                reason = error.strerror or error.__class__.__name__
                raise FolderError(self.root, reason) from error
            # Reading it will say why.
            return [prefix[:-1]]
        # Names are in order, and hardly any sort before that of an ignore file.
        if entries and entries[0].name[0] <= "." and ".gitignore" in map(_name, entries):
            ignore = _with_ignore_file(ignore, f"{full}.gitignore", prefix=prefix)
        wanted: list[_Entry] = []
        for entry in reversed(entries):
            name = entry.name
            path = prefix + name
            if not name.isascii() and not _is_text(name):
                # Reading it under the name that can be shown will say why.
                shown = printable(path)
                if self.takes_odd(entry, shown) and not ignore.ignores(path):
                    wanted.append(shown)
            elif entry.is_dir(follow_symlinks=False):
                if name != ".git" and not (ignore.rules and ignore.ignores(f"{path}/")):
                    wanted.append((f"{path}/", ignore))
            elif is_manifest_path(path, self.extra) and self.takes(entry, path, ignore):
                wanted.append(path)
        return wanted

    def takes_odd(self, entry: os.DirEntry[str], shown: str) -> bool:
        if not entry.is_dir(follow_symlinks=False) and not is_manifest_path(shown, self.extra):
            return False
        return not matches_any(self.exclude, shown)

    def takes(self, entry: os.DirEntry[str], path: str, ignore: Ignore) -> bool:
        if ignore.rules and ignore.ignores(path):
            return False
        if self.exclude and matches_any(self.exclude, path):
            return False
        if entry.is_file(follow_symlinks=False):
            return True
        if not entry.is_symlink():
            return False
        # Not Path.resolve, which raises where links go in a circle.
        target = Path(os.path.realpath(entry.path))
        return not target.is_relative_to(os.path.realpath(self.root))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ignored_above(root: str) -> Ignore:
    """The rules that hold in `root` from `.git/info/exclude` and folders above it."""
    folder = Path(root).resolve()
    top = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if top is None:
        return Ignore()
    parts = folder.relative_to(top).parts
    below = "".join(f"{part}/" for part in parts)
    ignore = _with_ignore_file(Ignore(), f"{top}/.git/info/exclude", above=below)
    for depth in range(len(parts)):
        path = top.joinpath(*parts[:depth], ".gitignore")
        above = "".join(f"{part}/" for part in parts[depth:])
        ignore = _with_ignore_file(ignore, os.fspath(path), above=above)
    return ignore


def _with_ignore_file(ignore: Ignore, path: str, *, prefix: str = "", above: str = "") -> Ignore:
    try:
        descriptor = os.open(path, _READ_FLAGS)
    except OSError:
        return ignore
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ignore
        data = file.read(_MAX_IGNORE_BYTES)
    return ignore.with_file(data, prefix=prefix, above=above)
