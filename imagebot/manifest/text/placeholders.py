"""Placeholders on a line of a file that is no YAML: what other tools fill in."""

from __future__ import annotations

import re

from imagebot.manifest.marker.written import IN_TEXT

# What other tools fill in, to the end of the line where it does not end on it. Whatever begins
# here either matches or ends the search soon: no text is gone through twice.
_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|<%.*?(?:%>|\Z)|\$\[\[.*?(?:\]\]|\Z)"
    r"|\$\{(?:[^{}]++|\{[^{}]*+\})*+(?:\}|\Z)|[$%@]\{[^}]*+(?:\}|\Z)|\#\{[\w.-]+\}\#?"
    r"|[$%\\]\([^\s()]*+\)|\(\([^()]*+\)\)|\{[\w.-]*+\}|<[^<>\s]*+>|@@[\w.-]++@@|%\w+%?|\$+\w*"
)
# Stands for each of their characters while a line is cut up: it is in no reference.
SIGN = "$"
_COMMENT = re.compile(rf"#| //|{IN_TEXT.pattern}")
# `REGISTRY_HOST` and `__REGISTRY__` are replaced with sed, and could be no part of a name.
_FILLED = re.compile(r"\$+|(?<![^/:])[A-Z0-9]*+_[A-Z0-9_]*+(?![^/:@])")


def without_placeholders(line: str) -> str:
    """A line up to its comment, with signs in place of what is filled in."""
    masked = _PLACEHOLDER.sub(lambda match: SIGN * len(match.group()), line)
    comment = _COMMENT.search(masked)
    return masked if comment is None else masked[: comment.start()]


def fill_in(word: str) -> str:
    """What a word could be once all is filled in; the word itself where nothing is."""
    return _FILLED.sub("x", word)
