"""Writes changed files to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imagebot.errors import FolderError
from imagebot.files.atomic import write_whole
from imagebot.files.folder import read_file, write_file
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file before and after."""

    path: str
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class FileChange:
    """A manifest before and after; `updates` are the ids of those that are in it.

    `companion` is the file that has to change with it, if it is there; it need not differ.
    """

    path: str
    old: bytes
    new: bytes
    updates: tuple[str, ...]
    companion: Rewrite | None = None

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """What is to be written: the companion first, if it changes, and the manifest last."""
        whole = Rewrite(self.path, self.old, self.new)
        beside = self.companion
        return (whole,) if beside is None or beside.old == beside.new else (beside, whole)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A change that could not be written, and why."""

    change: FileChange
    error: FolderError


def write_changes(root: Path, changes: Sequence[FileChange]) -> tuple[Unwritten, ...]:
    """Write each file whole or not at all; one that cannot be written does not stop the others.

    A manifest and its companion are written both or neither, as far as the disk allows.

    An interrupt says how many were written before it.
    """
    unwritten: list[Unwritten] = []
    for number, change in enumerate(changes):
        try:
            _write(root, change)
        except FolderError as error:
            unwritten.append(Unwritten(change, error))
        except KeyboardInterrupt:
            written = number - len(unwritten) + _is_written(root, change)
            raise KeyboardInterrupt(f"{written} of {len(changes)} files were written") from None
    return tuple(unwritten)


def _write(root: Path, change: FileChange) -> None:
    written: list[Rewrite] = []
    try:
        for each in change.rewrites:
            write_file(root, each.path, each.old, each.new)
            written.append(each)
    except BaseException:
        if not _is_written(root, change):
            for each in written:
                write_file(root, each.path, each.new, each.old)
        raise


def create_file(path: Path, text: str, *, replace: bool) -> None:
    """Write a new file whole or not at all, over another only with `replace`.

    A link at `path` is replaced, never followed. Raises FolderError.
    """
    try:
        write_whole(path, text.encode(), mode=0o666, replace=replace)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FolderError(str(path), f"cannot be written: {reason}") from error


def _is_written(root: Path, change: FileChange) -> bool:
    try:
        return read_file(root, change.path) == change.new
    except FolderError:
        return False
