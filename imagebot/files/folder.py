"""Reads and writes files in a plain folder, Git repository or not.

Only regular files are read, links are never followed, and a file that has
changed since it was read is not overwritten. Paths are relative to the folder, with `/`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from imagebot.errors import FolderError
from imagebot.files.atomic import write_whole
from imagebot.manifest.yaml.events import MAX_BYTES

_BLOCK = 1 << 16
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def read_file(root: str | os.PathLike[str], path: str) -> bytes:
    """The content of a file, cut off one byte after the size that `scan` accepts.

    Raises FolderError when it does not exist, is a link, not a regular file, or not readable.
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


def read_files(
    root: str | os.PathLike[str], paths: Iterable[str]
) -> Iterator[tuple[str, bytes | FolderError]]:
    """Each file, as `read_file` has it, or why it cannot be read."""
    for path in paths:
        try:
            yield path, read_file(root, path)
        except FolderError as error:
            yield path, error


def write_file(root: str | os.PathLike[str], path: str, old: bytes, new: bytes) -> None:
    """Replace `old`, the content that was read, by `new`, at once or not at all.

    Keeps the mode of the file, and its owner where that is allowed. Only one imagebot at a time
    writes to a folder.

    Raises FolderError: the file has changed since, is a link, or cannot be written.
    """
    full = Path(_join(root, path))
    folder = full.parent
    if not folder.resolve().is_relative_to(Path(root).resolve()):
        raise FolderError(_shown(path), "a link leads out of the folder")

    def check() -> None:
        if read_file(root, path) != old:
            raise FolderError(
                _shown(path), "the file has changed since it was read", hint="run imagebot again"
            )

    check()
    try:
        with _locked(folder):
            _replace(full, new, check)
    except OSError as error:
        raise FolderError(_shown(path), f"cannot be written: {_reason(error)}") from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder against other imagebots, where the file system has locks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, data: bytes, check: Callable[[], None]) -> None:
    """Put a whole new file in the place of one, with its mode, after a last `check`.

    Raises OSError.
    """
    before = path.lstat()

    def finish(descriptor: int) -> None:
        _make_like(descriptor, before)
        check()

    write_whole(path, data, finish=finish)


def _read(descriptor: int) -> bytes:
    part = os.read(descriptor, _BLOCK)
    if len(part) < _BLOCK:
        # A regular file returns less only at its end.
        return part
    parts = [part]
    size = len(part)
    while part and size <= MAX_BYTES:
        part = os.read(descriptor, min(_BLOCK, MAX_BYTES + 1 - size))
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _make_like(descriptor: int, like: os.stat_result) -> None:
    """Give a new file the mode and, where allowed, the owner of another; then sync it to disk."""
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
    # Not Path.is_symlink, which raises where the folder may not be entered.
    if os.path.islink(_join(root, path)):  # noqa: PTH114
        if os.path.isdir(_join(root, path)):  # noqa: PTH112
            reason = "a link to a folder, which is not followed"
            return FolderError(_shown(path), reason, expected=True)
        return FolderError(
            _shown(path), "a link, which is not followed", hint="name the file that it points to"
        )
    if isinstance(error, FileNotFoundError) and "\\" in path:
        return FolderError(path, "its name is not UTF-8", hint="rename the file")
    return FolderError(_shown(path), _reason(error))


def _reason(error: OSError) -> str:
    return error.strerror or error.__class__.__name__


def _shown(path: str) -> str:
    """A path as it can be printed: names need not be UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()
