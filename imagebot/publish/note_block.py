"""The notes at the top of a pull request's text: what is undecided, and what it waits for. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from imagebot.publish.escape import markdown
from imagebot.publish.text import MAX_BODY

GONE = "[gone from registry] "
"""Begins the title of a pull request of which the registry has lost a tag."""

_MOST = 20
_LAST = 40
"""Bytes for the line that says how many more there are."""
_BLOCK_RE = re.compile(r"\A(?:> - [^\n]*\n)+\n*")


def put_notes(body: str, notes: Sequence[str], *, room: int = MAX_BODY) -> str:
    """The body with these notes, in one quotation, in place of those that it has.

    As many notes as fit into `room`, in bytes, and how many more there are.
    """
    rest = _BLOCK_RE.sub("", body.replace("\r\n", "\n"))
    left = room - len(rest.encode()) - _LAST
    lines: list[str] = []
    for note in notes[:_MOST]:
        line = f"> - {markdown(note)}\n"
        left -= len(line.encode())
        if left < 0:
            break
        lines.append(line)
    if len(lines) < len(notes):
        lines.append(f"> - and {len(notes) - len(lines)} more\n")
    return f"{''.join(lines)}\n{rest}" if lines else rest


def notes_hash(notes: Sequence[str]) -> str:
    """Equal for the same notes, "" for none."""
    return hashlib.sha256("\n".join(notes).encode()).hexdigest()[:8] if notes else ""


def with_gone(title: str, *, gone: bool) -> str:
    """The title, which begins with `GONE` exactly where a tag is gone."""
    return f"{GONE if gone else ''}{title.removeprefix(GONE)}"
