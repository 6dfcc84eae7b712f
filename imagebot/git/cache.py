"""The path of a target's bare cache, and the lock that lets one process at a time use it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from imagebot.errors import GitError

_POLL_SECONDS = 0.05


def cache_path(cache_dir: Path, url: str, branch: str) -> Path:
    """The folder for this URL and branch, with a name that people recognise."""
    digest = hashlib.sha256(f"{url}\0{branch}".encode()).hexdigest()[:16]
    name = re.sub(r"[^a-z0-9]+", "-", url.rsplit("/", 1)[-1].lower().removesuffix(".git")).strip(
        "-"
    )
    return cache_dir.absolute() / "git" / f"{name[:40] or 'target'}-{digest}"


@contextlib.contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock beside `path`; only the bot's user can enter its parent folder.

    The lock ends with the process. Raises GitError when another process still has it after
    `seconds`, and when the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        _wait(descriptor, path, seconds)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise GitError(
                    str(path),
                    f"another imagebot has used this cache for more than {seconds:g} s",
                    hint="let it finish, or give each bot its own cache-dir",
                ) from None
            # flock has no time-out, and an alarm would affect the whole process.
            time.sleep(_POLL_SECONDS)
        else:
            return


def make_empty(path: Path) -> None:
    """Make an empty folder at `path`, deleting whatever is there. Raises GitError."""
    try:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
        path.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(path, error) from error


def clear_unfinished(path: Path) -> None:
    """Delete what git commands that were killed had begun to write in the bare repository `path`,
    such as a pack of any size; git itself would wait two weeks. The lock must be held."""
    for begun in (path / "objects").glob("*/tmp_*"):
        with contextlib.suppress(OSError):
            begun.unlink()


def _unwritable(path: Path, error: OSError) -> GitError:
    return GitError(
        str(path),
        f"the cache cannot be written: {error.strerror}",
        hint="set cache-dir to a folder that the bot's user may write to",
    )
