"""Reads and writes manifests in a plain folder, Git repository or not.

Only regular files are read, links are never followed, and nothing is written over a file that has
changed since it was read. Paths are relative to the folder, with `/`.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from imagebot.errors import FolderError
from imagebot.glob import matches_any
from imagebot.manifest.events import MAX_BYTES
from imagebot.manifest.ignore import Ignore
from imagebot.manifest.options import ExtraFile
from imagebot.manifest.select import is_manifest_path
from imagebot.printable import printable

_MAX_IGNORE_BYTES = 1024 * 1024
_BLOCK = 1 << 16
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_name = attrgetter("name")


def list_files(
    root: str | os.PathLike[str],
    *,
    exclude: tuple[str, ...] = (),
    extra: tuple[ExtraFile, ...] = (),
) -> Iterator[str]:
    """The files below `root` that may be manifests, in the order of their names.

    `.gitignore` files are honoured, those above `root` up to the top of its Git repository too;
    `exclude` globs always are. A link to a file within `root` is left out (the file itself is
    listed); one that leads elsewhere is listed, so that reading it says so.

    Raises FolderError when `root` cannot be read.
    """
    top = os.fspath(root)
    if not Path(top).is_dir():
        raise FolderError(top, "no such folder")
    listing = _Listing(top.rstrip("/") or "/.", exclude, extra, [])
    listing.enter("", _ignored_above(top))
    yield from listing.found


def read_file(root: str | os.PathLike[str], path: str) -> bytes:
    """The content of a file, cut off one byte after the size that `scan` accepts.

    Raises FolderError: it is not there, a link, no regular file, or not readable.
    """
    try:
        descriptor = os.open(f"{root}/{path}", _READ_FLAGS)
    except OSError as error:
        raise _unreadable(root, path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FolderError(_shown(path), "not a regular file")
        return _read(descriptor)
    except OSError as error:
        raise FolderError(_shown(path), _reason(error)) from error
    finally:
        os.close(descriptor)


def write_file(root: str | os.PathLike[str], path: str, old: bytes, new: bytes) -> None:
    """Replace `old`, the content that was read, by `new`, at once or not at all.

    The mode of the file is kept, and its owner where that is allowed.

    Raises FolderError: the file has changed since, is a link, or cannot be written.
    """
    full = Path(_join(root, path))
    folder = full.parent
    if not folder.resolve().is_relative_to(Path(root).resolve()):
        raise FolderError(_shown(path), "a link leads out of the folder")
    if read_file(root, path) != old:
        raise FolderError(
            _shown(path), "the file has changed since it was read", hint="run imagebot again"
        )
    try:
        _replace(full, new)
    except OSError as error:
        raise FolderError(_shown(path), f"cannot be written: {_reason(error)}") from error


def create_file(path: str | os.PathLike[str], data: bytes, *, replace: bool = False) -> None:
    """Write a new file; over an existing one only with `replace`.

    Raises FolderError.
    """
    full = Path(path)
    try:
        if replace and full.exists():
            _replace(full, data)
            return
        with full.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise FolderError(_shown(os.fspath(path)), "it exists already") from error
    except OSError as error:
        reason = f"cannot be written: {_reason(error)}"
        raise FolderError(_shown(os.fspath(path)), reason) from error


def _replace(path: Path, data: bytes) -> None:
    """Put a whole new file in the place of one, with its mode. Raises OSError."""
    before = path.lstat()
    descriptor, name = tempfile.mkstemp(prefix=".imagebot-", dir=path.parent)
    try:
        _fill(descriptor, data, before)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class _Listing:
    """One listing; `found` grows while folders are entered."""

    root: str
    exclude: tuple[str, ...]
    extra: tuple[ExtraFile, ...]
    found: list[str]

    def enter(self, prefix: str, ignore: Ignore) -> None:
        """Add what is in a folder and below; `prefix` is its path with `/`, "" for the top."""
        full = f"{self.root}/{prefix}"
        try:
            with os.scandir(full) as scanned:
                entries = sorted(scanned, key=_name)
        except OSError as error:
            if not prefix:
                raise FolderError(self.root, _reason(error)) from error
            # Reading it will say why.
            self.found.append(prefix[:-1])
            return
        # Names are in order, and hardly any sort before that of an ignore file.
        if entries and entries[0].name[0] <= "." and ".gitignore" in map(_name, entries):
            ignore = _with_ignore_file(ignore, f"{full}.gitignore", prefix=prefix)
        for entry in entries:
            path = prefix + entry.name
            if not _is_text(entry.name):
                # Reading it under the name that can be shown will say why.
                shown = printable(path)
                wanted = entry.is_dir(follow_symlinks=False) or is_manifest_path(shown, self.extra)
                if wanted and not ignore.ignores(path) and not matches_any(self.exclude, shown):
                    self.found.append(shown)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and not (ignore.rules and ignore.ignores(f"{path}/")):
                    self.enter(f"{path}/", ignore)
            elif is_manifest_path(path, self.extra) and self._takes(entry, path, ignore):
                self.found.append(path)

    def _takes(self, entry: os.DirEntry[str], path: str, ignore: Ignore) -> bool:
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


def _read(descriptor: int) -> bytes:
    part = os.read(descriptor, _BLOCK)
    if len(part) < _BLOCK:
        # A regular file gives less only at its end.
        return part
    parts = [part]
    size = len(part)
    while part and size <= MAX_BYTES:
        part = os.read(descriptor, min(_BLOCK, MAX_BYTES + 1 - size))
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _fill(descriptor: int, data: bytes, like: os.stat_result) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            _keep_owner(descriptor, like)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
        os.fsync(descriptor)


def _keep_owner(descriptor: int, like: os.stat_result) -> None:
    try:
        os.fchown(descriptor, like.st_uid, like.st_gid)
    except PermissionError:
        return


def _join(root: str | os.PathLike[str], path: str) -> str:
    return f"{os.fspath(root)}/{path}"


def _unreadable(root: str | os.PathLike[str], path: str, error: OSError) -> FolderError:
    if Path(_join(root, path)).is_symlink():
        return FolderError(
            _shown(path), "a link, which is not followed", hint="name the file that it leads to"
        )
    if isinstance(error, FileNotFoundError) and "\\" in path:
        return FolderError(path, "its name is no UTF-8", hint="rename the file")
    return FolderError(_shown(path), _reason(error))


def _reason(error: OSError) -> str:
    return error.strerror or error.__class__.__name__


def _shown(path: str) -> str:
    """A path as it can be printed: names need not be UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()
