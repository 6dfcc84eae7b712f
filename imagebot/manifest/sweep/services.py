"""Where CI has images under keys that name none: `services` of jobs, and steps of Cloud Build."""

from __future__ import annotations

import re

from imagebot.manifest.sweep.text import NEAR, SweptText, compiled

_IN_FLOW = r"\bservices[\"']?[ \t]*:[ \t]*[\[{][^\]]*[\[{,: \t\"']$"
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:- )?(?:[\w.-]+:[ \t]+)?[\"']?")
_KEY = re.compile(r"[ \t]*(?:- )?[\"']?services[\"']?[ \t]*:[ \t]*(?:#.*)?\r?")
_BLANK = re.compile(r"[ \t]*(?:#.*)?\r?")
_NAME = re.compile(r"(?:.*[-{,])?[ \t]*[\"']?name[\"']?[ \t]*:[ \t]*[\"']?")
_CLOUD_BUILD = re.compile(r"cloudbuild[^/]*\.(?:ya?ml|json)")
# How many lines up the key of a list is searched for.
_MOST_LINES = 30


def is_of_service(swept: SweptText, before: bytes, start: int) -> bool:
    """Whether a value is in `services`: an item, the `name` of one, or the value of a key."""
    if compiled(_IN_FLOW).search(before):
        return True
    match = _ITEM.fullmatch(before.decode("latin-1"))
    return match is not None and _is_below(swept, start, match)


def is_of_step(swept: SweptText, before: bytes) -> bool:
    """Whether a value is the `name` of a step of Cloud Build, which is its image."""
    name = swept.path.rpartition("/")[2]
    is_one = _CLOUD_BUILD.fullmatch(name) is not None
    return is_one and _NAME.fullmatch(before.decode("latin-1")) is not None


def _is_below(swept: SweptText, start: int, match: re.Match[str]) -> bool:
    """Whether `services:` is the key above the line of a position, by the indentation of lines."""
    indent, in_item = len(match["indent"]), match[0][len(match["indent"]) :].startswith("- ")
    is_name = match[0].rstrip("\"' \t").endswith("name:")
    if in_item and ":" in match[0] and not is_name:
        return False
    end = swept.text.rfind(swept.newline, max(0, start - NEAR), start)
    for _ in range(_MOST_LINES):
        if end < 0:
            return False
        first = swept.text.rfind(swept.newline, max(0, end - NEAR), end) + 1
        line = swept.text[first:end]
        end = first - 1
        if _BLANK.fullmatch(line):
            continue
        own = len(line) - len(line.lstrip(" \t"))
        is_item = line.startswith("- ", own)
        if is_item and own + 2 == indent and not in_item:
            if not is_name:
                return False
            indent, in_item = own, True
        elif own < indent or (own == indent and in_item and not is_item):
            return _KEY.fullmatch(line) is not None
    return False
