"""Git's wildmatch patterns as RE2 expressions, which take linear time.

As in Git, a pattern is bytes: each is one character here, decoded as Latin-1. No expression matches
a NUL, which no path has, so that one after a path can say that it is a folder.
"""

from __future__ import annotations

import re

_ANYTHING = r"[^\x00]*"
_REST_OF_NAME = r"[^/\x00]*"
_ONE = r"[^/\x00]"
_NOTHING = r"[^\x00-\xff]"
ANY_FOLDERS = rf"(?:{_ANYTHING}/)?"
"""Any number of folders, none included."""
_RANGE = re.compile(r"-[^\]]", re.DOTALL)

# What Git means by them, but for the slash, which no set matches.
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\x20\t",
    "cntrl": r"\x01-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x2e\x30-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x2e\x30-\x7e",
    "punct": r"\x21-\x2e\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\x20\t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class _NeverMatchesError(ValueError):
    """An unclosed set, an unknown class, or a backslash at the end."""


def translate(pattern: str) -> str | None:
    """The expression that matches what `pattern` does; None: it cannot match anything.

    `*`, `?` and sets stop at `/`; `**` between slashes, or at an end, does not.
    """
    pieces: list[str] = []
    at = 0
    try:
        while at < len(pattern):
            piece, at = _translate_one(pattern, at)
            # Any number of folders, twice, is any number of folders.
            if piece != ANY_FOLDERS or pieces[-1:] != [ANY_FOLDERS]:
                pieces.append(piece)
    except _NeverMatchesError:
        return None
    return "".join(pieces)


def _quote(char: str) -> str:
    return char if char == "/" or (char.isascii() and char.isalnum()) else f"\\x{ord(char):02x}"


def _translate_one(pattern: str, at: int) -> tuple[str, int]:
    """One construct of the pattern: (expression, where it ends)."""
    char = pattern[at]
    if char == "*":
        return _translate_stars(pattern, at)
    if char == "[":
        return _translate_set(pattern, at + 1)
    if char == "?":
        return _ONE, at + 1
    char, end = _literal(pattern, at)
    return _quote(char), end


def _translate_stars(pattern: str, at: int) -> tuple[str, int]:
    end = at + 1
    while pattern.startswith("*", end):
        end += 1
    alone = (at == 0 or pattern[at - 1] == "/") and (
        end == len(pattern) or pattern.startswith(("/", "\\/"), end)
    )
    if end - at == 1 or not alone:
        return _REST_OF_NAME, end
    return (ANY_FOLDERS, end + 1) if pattern.startswith("/", end) else (_ANYTHING, end)


def _translate_set(pattern: str, at: int) -> tuple[str, int]:
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    spans: list[str] = []
    before = ""
    # A bracket that comes first is an element.
    while not spans or not pattern.startswith("]", at):
        span, at, before = _translate_element(pattern, at, before)
        spans.append(span)
    chars = "".join(spans)
    if negated:
        return rf"[^/\x00{chars}]", at + 1
    return f"[{chars}]" if chars else _NOTHING, at + 1


def _translate_element(pattern: str, at: int, before: str) -> tuple[str, int, str]:
    """One element of a set: (expression within brackets, where it ends, what may begin a range).

    `before` is the character that a range may begin with.
    """
    if before and _RANGE.match(pattern, at):
        last, end = _literal(pattern, at + 1)
        return _span(before, last), end, ""
    if pattern.startswith("[:", at):
        end = pattern.find("]", at + 2)
        name = pattern[at + 2 : end]
        if end >= 0 and name.endswith(":"):
            if name[:-1] not in _CLASSES:
                raise _NeverMatchesError
            return _CLASSES[name[:-1]], end + 1, ""
    char, end = _literal(pattern, at)
    return _span(char, char), end, char


def _literal(pattern: str, at: int) -> tuple[str, int]:
    """The character at `at`, with or without a backslash before it, and where it ends."""
    at += pattern.startswith("\\", at)
    if at >= len(pattern):
        raise _NeverMatchesError
    return pattern[at], at + 1


def _span(first: str, last: str) -> str:
    """The characters from `first` to `last` but for the slash."""
    parts = ((first, min(last, ".")), (max(first, "0"), last))
    return "".join(f"\\x{ord(a):02x}-\\x{ord(b):02x}" for a, b in parts if a <= b)
