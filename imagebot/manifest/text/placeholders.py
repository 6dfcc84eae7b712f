"""Placeholders, which other tools fill in, on a line of a file that is not YAML."""

from __future__ import annotations

import re
from bisect import bisect_left

from imagebot.manifest.markers.commented_out import QUOTED
from imagebot.manifest.markers.written import IN_TEXT
from imagebot.manifest.yaml.repetition import many

# Placeholders of other tools, up to the end of the line if they do not end on it. Each alternative
# either matches or fails soon: no text is searched twice.
_BRACES = many(r"\{[^{}]*\}[^{}]*", "braces")
_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|<%.*?(?:%>|\Z)|\$\[\[.*?(?:\]\]|\Z)"
    rf"|\$\{{[^{{}}]*{_BRACES}(?:\}}|\Z)"
    r"|[$%@]\{[^}]*(?:\}|\Z)|\#\{[\w.-]+\}\#?"
    r"|[$%\\]\([^\s()]*\)|\(\([^()]*\)\)|\{[\w.-]*\}|<[^<>\s]*>|@@[\w.-]+@@|%\w+%?|\$+\w*"
)
# Replaces each of their characters while a line is split: references never contain it.
SIGN = "$"
# `REGISTRY_HOST` and `__REGISTRY__` are replaced with sed, and cannot be part of a name.
_FILLED = re.compile(r"\$+|(?<![^/:])[A-Z0-9]*_[A-Z0-9_]*(?![^/:@])")


def without_placeholders(line: str) -> str:
    """A line up to its comment, with signs in place of its placeholders."""
    masked = _PLACEHOLDER.sub(lambda match: SIGN * len(match.group()), line)
    return masked[: _comment_on(masked)]


def _comment_on(line: str) -> int:
    """Where the comment of a line starts, outside of quotes, or its marker if that is in a comment
    of another kind (`/* … */`)."""
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
    """A word with example values for its placeholders; the same word if it has none."""
    return _FILLED.sub("x", word)
