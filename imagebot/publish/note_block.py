"""The notes at the top of a pull request's text: what is undecided, and what it waits for. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from imagebot.publish.escape import markdown

GONE = "[gone from registry] "
"""Begins the title of a pull request of which the registry has lost a tag."""

_MOST = 20
_BLOCK_RE = re.compile(r"\A(?:> - [^\n]*\n)+\n*")


def put_notes(body: str, notes: Sequence[str]) -> str:
    """The body with these notes, in one quotation, in place of those that it has."""
    rest = _BLOCK_RE.sub("", body.replace("\r\n", "\n"))
    shown = [*notes[:_MOST], *([f"and {len(notes) - _MOST} more"] if len(notes) > _MOST else [])]
    block = "".join(f"> - {markdown(note)}\n" for note in shown)
    return f"{block}\n{rest}" if block else rest


def notes_hash(notes: Sequence[str]) -> str:
    """Equal for the same notes, "" for none."""
    return hashlib.sha256("\n".join(notes).encode()).hexdigest()[:8] if notes else ""


def with_gone(title: str, *, gone: bool) -> str:
    """The title, which begins with `GONE` exactly where a tag is gone."""
    return f"{GONE if gone else ''}{title.removeprefix(GONE)}"
