"""The files of a bare cache: what is left over, what is damaged, when there are too many packs."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from imagebot.files.atomic import PREFIX
from imagebot.git.cache import unwritable

# Each pass may add two packs: of commits, and of the blobs that it reads.
_MOST_PACKS = 12
# git spreads loose objects evenly over 256 folders; it is asked for one of them, as git does.
_MOST_IN_FOLDER = 20
_FOLDER = "17"
_LEFT_OVER = ("tmp_", "incoming-", "fast_import_crash_", PREFIX)
_LEFT_OVER_ENDS = (".lock", ".keep", "gc.pid")
# The git command that joins the packs of a cache.
JOIN = (
    # Nothing refers to the commits of pull requests, nor to one that is about to be pushed.
    "-c", "gc.pruneExpire=2.hours.ago",
    "-c", "gc.writeCommitGraph=false",
    # Refs are read from their files.
    "-c", "gc.packRefs=false",
    # With own commits in a cache without blobs, a bitmap cannot be made and joining fails.
    "-c", "repack.writeBitmaps=false",
    "gc", "--quiet",
)  # fmt: skip


def remove_left_over(directory: Path) -> None:
    """Delete what a killed process leaves behind; nobody else may use the cache meanwhile.

    Raises GitError.
    """
    folders = [os.fspath(directory)]
    try:
        while folders:
            for entry in _entries(folders.pop()):
                if entry.name.startswith(_LEFT_OVER) or entry.name.endswith(_LEFT_OVER_ENDS):
                    _remove(entry)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
        _remove_halves(directory / "objects" / "pack")
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(directory, error) from error


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path)
    else:
        Path(entry.path).unlink()


def _remove_halves(packs: Path) -> None:
    """A pack counts once it has an index."""
    names = {path.name for path in packs.iterdir()}
    for name in names:
        stem = name.partition(".")[0]
        if not {f"{stem}.pack", f"{stem}.idx"} <= names:
            (packs / name).unlink()


def promise_packs(directory: Path) -> None:
    """Mark every pack as one whose objects refer to others that the remote has.

    That holds for all packs of a cache without blobs. Of those that git fetched it is marked, but
    a lost mark would have it look for all that was left out. Raises OSError.
    """
    for pack in _packs(directory):
        pack.with_suffix(".promisor").touch()


def find_damage(directory: Path, object_format: str) -> str:
    """What is wrong with a pack or an index of one, as far as a checksum says; "" if nothing.

    A damaged index can make git take one object for another, without an error.
    """
    size = hashlib.new(object_format, usedforsecurity=False).digest_size
    try:
        for pack in _packs(directory):
            index = pack.with_suffix(".idx").read_bytes()
            checksum = hashlib.new(object_format, index[:-size], usedforsecurity=False)
            if checksum.digest() != index[-size:]:
                return f"{pack.stem}.idx does not have its checksum"
            with pack.open("rb") as file:
                file.seek(-size, os.SEEK_END)
                if file.read() != index[-2 * size : -size]:
                    return f"{pack.name} is not the pack of its index"
    except OSError as error:
        return f"{error.filename or 'a pack'}: {error.strerror}"
    return ""


def is_untidy(directory: Path) -> bool:
    """Whether there are so many packs or objects that joining them is worth its time."""
    objects = directory / "objects"
    try:
        if len(_packs(directory)) > _MOST_PACKS:
            return True
        return len(list((objects / _FOLDER).iterdir())) > _MOST_IN_FOLDER
    except OSError:
        return False


def _packs(directory: Path) -> list[Path]:
    return sorted((directory / "objects" / "pack").glob("pack-*.pack"))
