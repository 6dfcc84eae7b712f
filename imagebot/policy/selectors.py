"""Entries of `include` and `exclude`, and names of variants: globs, or `/regex/` over whole tags.

No tag has a slash, so one at each end is a sign that cannot be mistaken.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from imagebot.glob import compile_glob
from imagebot.policy.pattern import parse_pattern

_STARS = re.compile(r"\*+")
_SIMPLE = re.compile(r"[A-Za-z0-9_.*-]+")


def check_selector(selector: str) -> None:
    """Raises UsageError for a bad glob and InvalidPolicyError for a bad expression."""
    if is_expression(selector):
        parse_pattern(selector[1:-1])
    else:
        compile_glob(selector)


def is_expression(selector: str) -> bool:
    return len(selector) > 2 and selector[0] == selector[-1] == "/"


def selected(selector: str, tags: Sequence[str]) -> set[str]:
    """Those of the tags that a selector takes."""
    if is_expression(selector):
        found = parse_pattern(selector[1:-1]).apply(tags)
        return {tag for tag, text in zip(tags, found, strict=True) if text is not None}
    fits = tag_glob(selector)
    return {tag for tag in tags if fits(tag)}


@functools.lru_cache(maxsize=512)
def tag_glob(glob: str) -> Callable[[str], bool]:
    """A predicate for whole tags.

    Of a glob with nothing but stars in it, text without slashes needs no regular expression: a
    call of RE2 from Python costs 9 µs (measured), and there may be a hundred thousand tags.
    """
    if _SIMPLE.fullmatch(glob) is None:
        return compile_glob(glob)
    first, *middle = _STARS.split(glob)
    if not middle:
        return lambda tag: tag == glob
    *between, last = middle

    def fits(tag: str) -> bool:
        if not tag.startswith(first) or not tag.endswith(last):
            return False
        position, end = len(first), len(tag) - len(last)
        for piece in between:
            found = tag.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return position <= end

    return fits
