"""Where the cache of a repository is, and the locks that keep its users apart.

All branches of a repository share one cache. What they do with it at the same time git keeps apart;
whoever deletes something in it has it alone.
"""

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


def cache_path(cache_dir: Path, url: str) -> Path:
    """The folder for this URL, with a name that people recognise."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = re.sub(r"[^a-z0-9]+", "-", url.rsplit("/", 1)[-1].lower().removesuffix(".git")).strip(
        "-"
    )
    return cache_dir.absolute() / "git" / f"{name[:40] or 'target'}-{digest}"


def branch_key(branch: str) -> str:
    """Stands for a branch in names of refs and files, where `a` and `a/b` would clash."""
    return hashlib.sha256(branch.encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(path: Path, *, seconds: float, shared: bool = False) -> Iterator[None]:
    """Hold the lock beside `path`; only the bot's user can enter its parent folder.

    With `shared`, together with others that share it. The lock ends with the process. Raises
    GitError when others still have it after `seconds`, and when the cache cannot be written.
    """
    descriptor = _open(path)
    try:
        _wait(descriptor, path, seconds, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_parent(path: Path) -> None:
    """Make the folder of caches that `path` is in, unless it is there. Raises GitError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def _open(path: Path) -> int:
    lock = Path(f"{path}.lock")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    make_parent(path)
    try:
        path.parent.chmod(0o700)
        try:
            return os.open(lock, flags, 0o600)
        except IsADirectoryError:
            # Nobody can have locked it.
            shutil.rmtree(lock)
            return os.open(lock, flags, 0o600)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def _wait(descriptor: int, path: Path, seconds: float, kind: int) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise GitError(
                    str(path),
                    f"another imagebot has used this cache for more than {seconds:g} s",
                    hint="let it finish, or give each bot its own cache-dir",
                ) from None
            # flock has no time-out, and an alarm would affect the whole process.
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            raise GitError(
                str(path),
                f"the cache cannot be locked: {error.strerror}",
                hint="set cache-dir to a folder on a file system that has locks",
            ) from error
        else:
            return


def make_empty(path: Path) -> None:
    """Make an empty folder at `path`, deleting whatever is there. Raises GitError."""
    try:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path, onerror=_unless_gone)
        path.mkdir(mode=0o700)
    except OSError as error:
        raise unwritable(path, error) from error


def _unless_gone(_function: object, _path: str, info: tuple[object, BaseException, object]) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]


def exists(path: Path) -> bool:
    """Whether there is something at `path`; not where the disk or its owner lets nobody look."""
    return os.path.exists(path)  # noqa: PTH110 - `Path.exists` raises then


def unwritable(path: Path, error: OSError) -> GitError:
    """The error for a cache in which something could not be written."""
    return GitError(
        str(path),
        f"the cache cannot be written: {error.strerror}",
        hint="set cache-dir to a folder that the bot's user may write to",
    )
