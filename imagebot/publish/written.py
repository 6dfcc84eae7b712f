"""The digests that imagebot wrote into its commits, read from the target's history.

Kept in one file for as long as the head stays. Deleting it changes nothing but speed, and a
checksum covers it: a damaged file is read from the history again, never believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imagebot.errors import GitError
from imagebot.files.atomic import write_whole
from imagebot.git.checkout import Checkout
from imagebot.reference import Repository

if TYPE_CHECKING:
    from imagebot.publish.trailers import TagKey

MOST_COMMITS = 2000
"""So many commits of the branch are looked at."""
MOST_TAGS = 200
"""The digests of so many tags count, those written last: each costs a request in every pass."""

_FORMAT = "imagebot-written-1"
_MAX_BYTES = 1024 * 1024


def read_written(checkout: Checkout, path: Path) -> Mapping[TagKey, str]:
    """The digests that tags had when imagebot wrote them; `path` is the file that keeps them.

    Empty where the history cannot be read.
    """
    kept = _load(path, checkout.head)
    if kept is not None:
        return kept
    try:
        messages = checkout.messages(most=MOST_COMMITS)
    except GitError:
        # Messages may be of any size. Nobody asked for this, so the pass goes on without.
        return {}
    # Imported here, because most passes find the head as the one before left it.
    from imagebot.publish.trailers import written_digests

    found = written_digests(messages, most=MOST_TAGS)
    _save(path, checkout.head, found)
    return found


def _load(path: Path, head: str) -> dict[TagKey, str] | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        first, _, body = path.read_text("utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    return dict(_entries(body)) if first == _first_line(head, body) else None


def _entries(body: str) -> Iterator[tuple[TagKey, str]]:
    for line in body.splitlines():
        registry, path, tag, digest = line.split(" ")
        yield (Repository(registry, path), tag), digest


def _save(path: Path, head: str, found: Mapping[TagKey, str]) -> None:
    """A file that cannot be written is not an error: the next pass is slower."""
    lines = [f"{key.registry} {key.path} {tag} {digest}\n" for (key, tag), digest in found.items()]
    body = "".join(lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, f"{_first_line(head, body)}\n{body}".encode())
    except OSError:
        return


def _first_line(head: str, body: str) -> str:
    return f"{_FORMAT} {head} {hashlib.sha256(body.encode()).hexdigest()}"
