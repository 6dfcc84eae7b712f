"""Text from outside, made harmless for commit messages and for Markdown. Pure.

Tags, paths and reasons come from registries and from the target, so they are hostile: nothing in
them may mention people, close issues, forge the hidden marker, skip a pipeline or break a table.
"""

from __future__ import annotations

import re

from imagebot.text import printable, shorten

BREAK = "\u200b"
"""What parts the characters that a forge would make something of."""

_MAX_CELL = 240
_ZERO_WIDTH_RE = re.compile("[\u00ad\u200b-\u200d\u2060-\u2064]")
# What GitHub, GitLab and Gitea make a mention, a reference or a command of.
_LIVE_RE = re.compile(
    r"@(?=\w)|#(?=\d)|!(?=\d)|\bGH-(?=\d)|:(?=//)|www(?=\.)|\[|\*{3}(?=NO_CI)", re.IGNORECASE
)


def plain(text: str) -> str:
    """For a commit message or a title: one line in which nothing is a mention or a reference."""
    text = shorten(printable(_ZERO_WIDTH_RE.sub("", text)), _MAX_CELL)
    return _LIVE_RE.sub(lambda match: match[0] + BREAK, text)


def markdown(text: str) -> str:
    """For a table cell, as Markdown that shows the text and does nothing else."""
    escaped = re.sub(r"([\\`*_{}\[\]()~])", r"\\\1", plain(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("|", "&vert;")


def code(text: str) -> str:
    """For a table cell, as code, where nothing can be escaped: what would end it is replaced.

    An escaped pipe would do, but not after a backslash of the text itself.
    """
    shown = shorten(printable(_ZERO_WIDTH_RE.sub("", text)), _MAX_CELL)
    shown = shown.replace("`", "'").replace("|", "\u00a6").replace("<!--", f"<!{BREAK}--")
    return f"`{shown.strip() or ' '}`"
