"""Writes a file whole or not at all: the one place where imagebot replaces a file."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

PREFIX = ".imagebot-"
_DRAFT_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def _nothing(_descriptor: int) -> None:
    return


def write_whole(
    path: Path,
    data: bytes,
    *,
    mode: int = 0o600,
    replace: bool = True,
    finish: Callable[[int], None] = _nothing,
) -> None:
    """Put a new file with `data` at `path`, in one step; a reader sees the old file or the new one.

    The new file has `mode`, less the process's umask. `finish` gets the descriptor of the
    complete file just before that step; what it raises leaves the old file in place.

    Raises OSError; FileExistsError, without `replace`, when there is something at `path`.
    """
    draft = path.with_name(f"{PREFIX}{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(draft, _DRAFT_FLAGS, mode), "wb") as file:
            file.write(data)
            file.flush()
            finish(file.fileno())
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def write_named(
    path: Path, data: bytes, *, mode: int, finish: Callable[[int], None] = _nothing
) -> None:
    """As `write_whole`, at a path that the command line names: a device or a pipe is written to.

    In the place of `/dev/null` or `/dev/stdout` a file would harm every other process. Of links
    only those of the system are followed: a target's own could lead anywhere. Raises OSError.
    """
    if not _takes_data(path):
        write_whole(path, data, mode=mode, finish=finish)
        return
    with path.open("ab", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]


def _takes_data(path: Path) -> bool:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(kind):
        return path.absolute().is_relative_to("/dev") or path.absolute().is_relative_to("/proc")
    return not stat.S_ISREG(kind)


def remove_drafts(folder: Path, *, before: float) -> None:
    """Delete what killed processes have left in `folder`: drafts last written to before a time, in
    seconds since the epoch. A younger one may be that of a process that writes it now.

    What cannot be deleted stays, without an error.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX) or not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()
