"""Text from outside, made safe to print on a terminal or in a log line."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Comparing with more names than anybody writes would take seconds.
_MAX_KNOWN = 1000
# C0 and C1 controls, line separators, and the bidirectional overrides that reorder what is read.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# What GitHub's and Azure's runners take for a command in what a step writes: `::name::` at the
# beginning of a line, after blanks too, and `##[name]` or `##vso[name]` anywhere. The first is in
# https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions, the others in
# https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
_COMMAND = re.compile(r"^(\s*):(?=:)|(#)#(?=\[|vso\[)")
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


def printable(text: str) -> str:
    """The text on one line, with what could move a cursor or forge a line written as escapes."""
    return _UNPRINTABLE.sub(_escape, text)


def printable_line(text: str) -> str:
    """As `printable`, for a whole line of output: no job's runner takes it for a command."""
    return _COMMAND.sub(_inert, printable(text))


def inert_json(text: str) -> str:
    """JSON that says the same, and is no command where a job prints it."""
    return text.replace("##[", "#\\u0023[").replace("##vso[", "#\\u0023vso[")


def indented_lines(text: str, indent: int) -> str:
    """As `printable_lines`, with all lines but the first that many spaces further right."""
    return printable_lines(text).replace("\n", "\n" + " " * indent)


def printable_lines(text: str) -> str:
    """As `printable_line`, but newlines and tabs stay."""
    return "\n".join(
        _COMMAND.sub(_inert, "\t".join(printable(cell) for cell in line.split("\t")))
        for line in text.split("\n")
    )


def shorten(text: str, limit: int) -> str:
    """The text, at most `limit` characters of it; `…` shows that something was cut off."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def redact(text: str) -> str:
    """The text, with the URLs in it without user names and passwords."""
    return _USERINFO.sub("", text)


def excerpt(text: str, limit: int = 60) -> str:
    """The beginning of a value, to quote in a message: printable, URLs without credentials."""
    return printable(shorten(redact(text), limit))


def clean(text: str, limit: int = 200) -> str:
    """One short line of what a server or a library says: white space and controls are spaces."""
    line = "".join(char if char.isprintable() else " " for char in text[: 10 * limit])
    return shorten(" ".join(line.split()), limit)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a misspelt one is most like, "" when none is near."""
    import difflib  # 2 ms, and only mistakes need it

    every = sorted(known)
    if len(every) > _MAX_KNOWN:
        return ""
    return next(iter(difflib.get_close_matches(word[:60], every, n=1, cutoff=0.7)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word, "" when nothing is near."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else ""


def _inert(match: re.Match[str]) -> str:
    return f"{match[2]}\\x23" if match[2] else f"{match[1]}\\x3a"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
