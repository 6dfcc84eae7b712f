"""Text from outside, made safe to print on a terminal or in a log line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_LINE = 200
# Comparing with more names than anybody writes would take seconds.
_MAX_KNOWN = 1000
# C0 and C1 controls, line separators, and the bidirectional overrides that reorder what is read.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text on one line, with what could move a cursor or forge a line written as escapes."""
    return _UNPRINTABLE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """As `printable`, but newlines and tabs stay."""
    return "\n".join(
        "\t".join(printable(cell) for cell in line.split("\t")) for line in text.split("\n")
    )


def clean(text: str) -> str:
    """One short line that is safe on a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a misspelt one is most like, "" when none is near."""
    import difflib  # 2 ms, and only mistakes need it

    every = sorted(known)
    if len(every) > _MAX_KNOWN:
        return ""
    return next(iter(difflib.get_close_matches(word[:60], every, n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word, "" when nothing is near."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else ""


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
