"""Explains why a value in an image position is not a reference."""

from __future__ import annotations

import re

from imagebot.errors import InvalidReferenceError
from imagebot.text import shorten

# Values that another tool fills in before they are read as references.
_VARIABLE = re.compile(r"^[$<]|\$[A-Za-z_({]|\{[{%]|<<|%\{|\$\[\[|__[A-Z]")
# Values that are not references because of a placeholder: `REGISTRY_HOST/app` is replaced with sed,
# `#{TAG}#`, `<TAG>`, `{tag}`, `((tag))`, `%TAG%` and `@@TAG@@` by other tools, `ko://…` by ko.
_PLACEHOLDER = re.compile(
    r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?![A-Za-z0-9])"
    r"|#\{|<[^<>]+>|\{[A-Za-z_][\w.-]*\}|\(\([^()]+\)\)|%[A-Za-z_]\w*%|@@[\w.-]+@@|^ko://"
)
# Patterns that admission policies have in place of images; URLs have a `?` too.
_PATTERN = re.compile(r"(?!.*://)(?:!|.*(?:[*?]| \| ))", re.DOTALL)
# No reference is longer, and the searches above are slow.
_MAX_TEXT = 1024
SHOWN = 80


def is_filled_in(text: str) -> bool:
    """Whether another tool fills in a text before it is read as a reference."""
    return _VARIABLE.search(text) is not None


def filled_in(text: str) -> str:
    """Why a text is not read as a reference."""
    return f"{shorten(text, SHOWN)!r} is filled in by another tool"


def why_not_reference(text: str, error: InvalidReferenceError) -> tuple[str, str, bool]:
    """The code and reason to list a text with, and whether it is expected (no one has to act)."""
    if text.startswith("ENC["):
        return "sops", "this is encrypted by SOPS", True
    if _PLACEHOLDER.search(text, 0, _MAX_TEXT):
        return (
            "variable",
            f"{shorten(text, SHOWN)!r} has a placeholder that another tool fills in",
            True,
        )
    if _PATTERN.match(text, 0, _MAX_TEXT):
        reason = f"{shorten(text, SHOWN)!r} is a pattern, not an image"
        return "not-a-reference", reason, True
    return "not-a-reference", error.message[:300], False
