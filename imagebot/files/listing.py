"""Lists the manifests of a plain folder, Git repository or not.

Links are never followed. The names of what cannot be read are listed as well: whoever tries to read
them learns why.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from imagebot.errors import FolderError
from imagebot.files.gitignore import Ignore
from imagebot.glob import matches_any
from imagebot.manifest.formats.select import is_manifest_path
from imagebot.manifest.images.options import ExtraField, ExtraFile
from imagebot.parallel.processes import map_forked, usable_processes
from imagebot.text import printable
from imagebot.values import dataclass

_MAX_IGNORE_BYTES = 1024 * 1024
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK
# Other processes help once so many folders have been read and at least so many are waiting.
_MANY_FOLDERS = 400
_WORTH_SHARING = 8
_name = attrgetter("name")

_Entry: TypeAlias = str | tuple[str, Ignore]
"""The path of a file; or that of a folder, with `/` at its end, and the rules around it."""


def list_files(
    root: str | os.PathLike[str],
    *,
    exclude: tuple[str, ...] = (),
    extra: tuple[ExtraFile, ...] = (),
    fields: tuple[ExtraField, ...] = (),
    every: bool = False,
    processes: int | None = None,
) -> Iterator[str]:
    """The files below `root` that may be manifests, by name; with `every`, all regular files.

    The `exclude` globs are left out, and what `.gitignore` files ignore: those below `root`, and
    those above it up to the top of its Git repository. A link to a file within `root` is left out,
    because the file itself is listed. A link that leads out of `root` is listed, so that reading it
    gives an error. `processes` None stands for as many as may be used.

    Raises FolderError when `root` cannot be read.
    """
    top = os.fspath(root)
    try:
        known = Path(top).is_dir()
    except OSError as error:
        raise FolderError(top, _reason(error)) from error
    if not known:
        raise FolderError(top, "no such folder")
    ignore = _ignored_above(top)
    if ignore is not None:
        listing = _Listing(top.rstrip("/") or "/.", exclude, extra, fields, every)
        yield from listing.run([("", ignore)], processes)


@dataclass(frozen=True, slots=True)
class _Listing:
    root: str
    exclude: tuple[str, ...]
    extra: tuple[ExtraFile, ...]
    fields: tuple[ExtraField, ...]
    every: bool

    def run(self, entries: Sequence[_Entry], processes: int | None) -> list[str]:
        """The files among and below `entries`, in their order."""
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
        """What is in a folder, last name first; `prefix` is its path with `/`, "" at the top."""
        full = f"{self.root}/{prefix}"
        try:
            with os.scandir(full) as scanned:
                entries = sorted(scanned, key=_name)
        except OSError as error:
            if not prefix:
                raise FolderError(self.root, _reason(error)) from error
            # Reading it will say why.
            return [prefix[:-1]]
        # Git's files begin with a dot, and names are sorted: hardly any come before a dot.
        if entries and entries[0].name[0] <= ".":
            ignore = self.ignored_in(prefix, [entry.name for entry in entries], ignore)
        wanted: list[_Entry] = []
        for entry in reversed(entries):
            path = prefix + entry.name
            try:
                found = self.wanted(entry, path, ignore)
            except OSError:
                found = self.named(path, path, ignore)
            if found is not None:
                wanted.append(found)
        return wanted

    def ignored_in(self, prefix: str, names: Sequence[str], ignore: Ignore) -> Ignore:
        """The rules within a folder that has these names.

        The rules around a repository do not reach into it.
        """
        full = f"{self.root}/{prefix}"
        if prefix and ".git" in names:
            shared = _shared_folder(f"{full}.git")
            if shared is not None:
                ignore = _with_exclude(Ignore(), shared, prefix)
        if ".gitignore" in names:
            ignore = _with_ignore_file(ignore, full, prefix)
        return ignore

    def wanted(self, entry: os.DirEntry[str], path: str, ignore: Ignore) -> _Entry | None:
        """The entry as it is listed, None if it is left out. Raises OSError if that is unknown."""
        if not path.isascii() and not _is_text(entry.name):
            # The name cannot be printed. Reading it by the name that can be will say why.
            is_folder = entry.is_dir(follow_symlinks=False)
            named = is_manifest_path(printable(path), self.extra, self.fields)
            if is_folder or self.every or named:
                return self.named(path, f"{path}/" if is_folder else path, ignore)
            return None
        if entry.is_dir(follow_symlinks=False):
            hidden = entry.name == ".git" or (ignore.rules and ignore.ignores(f"{path}/"))
            return None if hidden else (f"{path}/", ignore)
        if is_manifest_path(path, self.extra, self.fields):
            return path if self.takes(entry, path, ignore) else None
        if self.every and entry.is_file(follow_symlinks=False):
            return path if self.takes(entry, path, ignore) else None
        # The folder already says what is a link, so that regular files cost no further call.
        return path if entry.is_symlink() and self.is_folder_away(entry, path, ignore) else None

    def is_folder_away(self, link: os.DirEntry[str], path: str, ignore: Ignore) -> bool:
        """Whether a link leads to a folder outside `root`, which people may think is scanned."""
        if link.name == ".git" or matches_any(self.exclude, f"{path}/"):
            return False
        # Not DirEntry.is_dir, which raises where links go in a circle.
        return self.takes(link, path, ignore) and os.path.isdir(link.path)  # noqa: PTH112

    def named(self, path: str, asked: str, ignore: Ignore) -> str | None:
        """The printable name of what cannot be read; None if the rules ignore it as `asked`."""
        shown = path if _is_text(path) else printable(path)
        hidden = ignore.ignores(asked) or matches_any(self.exclude, shown)
        return None if hidden else shown

    def takes(self, entry: os.DirEntry[str], path: str, ignore: Ignore) -> bool:
        """Whether a file is listed: not what is ignored or excluded, nor links within `root`."""
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


def _reason(error: OSError) -> str:
    return error.strerror or error.__class__.__name__


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ignored_above(root: str) -> Ignore | None:
    """The rules for `root` that come from its repository and from the folders above it.

    None if one of these folders is ignored: then Git ignores everything below it.
    """
    folder = Path(os.path.realpath(root))
    for top in (folder, *folder.parents):
        shared = _shared_folder(f"{top}/.git")
        if shared is not None:
            break
    else:
        return Ignore()
    path = ""
    ignore = _with_exclude(Ignore(), shared, path)
    for part in folder.relative_to(top).parts:
        ignore = _with_ignore_file(ignore, f"{top}/{path}", path)
        path = f"{path}{part}/"
        if ignore.ignores(path):
            return None
    return ignore.starting_in(path)


def _shared_folder(path: str) -> str | None:
    """The folder that all work trees share of the repository with this `.git`, if it is one."""
    git = path
    pointer = _read(path)
    if pointer is not None:
        if not pointer.startswith(b"gitdir: "):
            return None
        git = _joined(Path(path).parent, pointer.removeprefix(b"gitdir: "))
    common = _read(f"{git}/commondir")
    shared = git if common is None else _joined(Path(git), common)
    whole = all(map(os.path.lexists, (f"{git}/HEAD", f"{shared}/objects", f"{shared}/refs")))
    return shared if whole else None


def _joined(folder: Path, line: bytes) -> str:
    return str(folder / os.fsdecode(line.rstrip(b"\r\n")))


def _with_exclude(ignore: Ignore, shared: str, prefix: str) -> Ignore:
    """With the rules of a repository's `info/exclude`."""
    data = _read(f"{shared}/info/exclude")
    return ignore if data is None else ignore.with_file(data, prefix)


def _with_ignore_file(ignore: Ignore, folder: str, prefix: str) -> Ignore:
    """With the rules of a folder; as in Git, a link is not read."""
    data = _read(f"{folder}.gitignore", os.O_NOFOLLOW)
    return ignore if data is None else ignore.with_file(data, prefix)


def _read(path: str, flags: int = 0) -> bytes | None:
    """The whole lines of a regular file up to a size limit; None without such a file."""
    try:
        descriptor = os.open(path, _READ_FLAGS | flags)
    except (OSError, ValueError):
        return None
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        # One read is enough: a regular file gives fewer bytes only at its end.
        data = os.read(descriptor, _MAX_IGNORE_BYTES) if regular else None
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if data is None or len(data) < _MAX_IGNORE_BYTES:
        return data
    # Half a line would mean something else.
    return data[: data.rfind(b"\n") + 1]
