"""Files in the cache that save git commands: what a pass has proven, for the next one.

A damaged one is as good as none: it is read from git again, and written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from pathlib import Path

from imagebot.files.atomic import write_whole

_FORMAT = b"imagebot-listing-1"
_FIRST_LINE_RE = re.compile(_FORMAT + rb" ([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{64})")
_MAX_BYTES = 256 * 1024 * 1024


def load_listing(path: Path) -> tuple[str, bytes] | None:
    """A commit and its listing, as `save_listing` wrote them."""
    first, _, listing = read_kept(path).partition(b"\n")
    found = _FIRST_LINE_RE.fullmatch(first)
    if found is None or _checksum(found[1], listing) != found[2]:
        return None
    return found[1].decode(), listing


def save_listing(path: Path, commit: str, listing: bytes) -> None:
    oid = commit.encode()
    write_kept(path, b"%s %s %s\n%s" % (_FORMAT, oid, _checksum(oid, listing), listing))


def _checksum(commit: bytes, listing: bytes) -> bytes:
    digest = hashlib.sha256(commit)
    digest.update(listing)
    return digest.hexdigest().encode()


def read_kept(path: Path) -> bytes:
    """What is in a file, b"" if it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError:
        return b""
    return data if len(data) <= _MAX_BYTES else b""


def write_kept(path: Path, data: bytes) -> None:
    """A file that cannot be written is not an error: the next pass is slower."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        write_whole(path, data)
