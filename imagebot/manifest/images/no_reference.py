"""What stands where an image may, and is no reference: why it is not read."""

from __future__ import annotations

import re

from imagebot.errors import InvalidReferenceError
from imagebot.text import shorten

# What a value looks like that another tool fills in before anybody reads it as a reference.
_VARIABLE = re.compile(r"^[$<]|\$[A-Za-z_({]|\{[{%]|<<|%\{|\$\[\[|__[A-Z]")
# What is no reference for the sake of such a part: `REGISTRY_HOST/app` is replaced with sed,
# `#{TAG}#`, `<TAG>`, `{tag}`, `((tag))`, `%TAG%` and `@@TAG@@` by other tools, `ko://…` by ko.
_PLACEHOLDER = re.compile(
    r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?![A-Za-z0-9])"
    r"|#\{|<[^<>]+>|\{[A-Za-z_][\w.-]*\}|\(\([^()]+\)\)|%[A-Za-z_]\w*%|@@[\w.-]+@@|^ko://"
)
# What policies write where an image stands elsewhere; addresses have a `?` too.
_PATTERN = re.compile(r"(?!.*://)(?:!|.*(?:[*?]| \| ))", re.DOTALL)
# No reference is longer, and the searches above take their time.
_MAX_TEXT = 1024
SHOWN = 80


def is_filled_in(text: str) -> bool:
    """Whether another tool fills a text in before anybody reads it as a reference."""
    return _VARIABLE.search(text) is not None


def filled_in(text: str) -> str:
    """Why a text is not read as a reference."""
    return f"{shorten(text, SHOWN)!r} is filled in by another tool"


def why_no_reference(text: str, error: InvalidReferenceError) -> tuple[str, str, bool]:
    """The code and the reason that a text is listed with, and whether nobody need act."""
    if _PLACEHOLDER.search(text, 0, _MAX_TEXT):
        return "variable", f"{shorten(text, SHOWN)!r} has a placeholder for another tool", True
    if _PATTERN.match(text, 0, _MAX_TEXT):
        reason = f"{shorten(text, SHOWN)!r} is a pattern, which no registry can be asked for"
        return "not-a-reference", reason, True
    return "not-a-reference", error.message[:300], False
