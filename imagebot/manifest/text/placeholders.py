"""Placeholders, which other tools fill in, on a line of a file that is not YAML."""

from __future__ import annotations

import re
from bisect import bisect_left

from imagebot.manifest.markers.commented_out import QUOTED
from imagebot.manifest.markers.written import IN_TEXT
from imagebot.manifest.yaml.repetition import many

# What other tools fill in, to the end of the line where it does not end on it. Whatever begins
# here either matches or ends the search soon: no text is gone through twice.
_BRACES = many(r"\{[^{}]*\}[^{}]*", "braces")
_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|<%.*?(?:%>|\Z)|\$\[\[.*?(?:\]\]|\Z)"
    rf"|\$\{{[^{{}}]*{_BRACES}(?:\}}|\Z)"
    r"|[$%@]\{[^}]*(?:\}|\Z)|\#\{[\w.-]+\}\#?"
    r"|[$%\\]\([^\s()]*\)|\(\([^()]*\)\)|\{[\w.-]*\}|<[^<>\s]*>|@@[\w.-]+@@|%\w+%?|\$+\w*"
)
# Stands for each of their characters while a line is cut up: it is in no reference.
SIGN = "$"
# `REGISTRY_HOST` and `__REGISTRY__` are replaced with sed, and could be no part of a name.
_FILLED = re.compile(r"\$+|(?<![^/:])[A-Z0-9]*_[A-Z0-9_]*(?![^/:@])")


def without_placeholders(line: str) -> str:
    """A line up to its comment, with signs in place of what is filled in."""
    masked = _PLACEHOLDER.sub(lambda match: SIGN * len(match.group()), line)
    return masked[: _comment_on(masked)]


def _comment_on(line: str) -> int:
    """Where the comment of a line starts, which is not in quotes; or its marker, where that is in
    a comment of another kind (`/* … */`)."""
    quoted: list[tuple[int, int]] = []
    end = len(line)
    for match in QUOTED.finditer(line):
        if match["comment"]:
            end = match.start()
            break
        if match["words"]:
            quoted.append(match.span())
    for marker in IN_TEXT.finditer(line, 0, end):
        number = bisect_left(quoted, (marker.start(), 0)) - 1
        if number < 0 or marker.start() >= quoted[number][1]:
            return marker.start()
    return end


def fill_in(word: str) -> str:
    """What a word could be once all is filled in; the word itself where nothing is."""
    return _FILLED.sub("x", word)
