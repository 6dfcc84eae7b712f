"""Arguments of a Dockerfile that its `FROM` lines use: `ARG BASE=debian:12.4`, `ARG TAG=3.19`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.text import SweptText
from imagebot.reference import is_digest, is_tag, parse_reference

_NAMED = re.compile(r"(?:.*\.)?(?:dockerfile|containerfile)(?:[-_.].*)?", re.IGNORECASE)
_FROM = r"(?mi)^[ \t]*FROM[ \t]+(?:--[^ \t\n]+[ \t]+)*[\"']?([^ \t\r\n\"']*\$[^ \t\r\n\"']*)"
# The image is on the next line.
_CONTINUED = r"(?mi)^[ \t]*FROM[ \t]+(?:--[^ \t\n]+[ \t]+)*\\\r?\n[ \t]*([^ \t\r\n\"'\\]+)"
_ARGUMENT = r"(?mi)^[ \t]*ARG[ \t]+([A-Za-z_][A-Za-z0-9_]*)=[\"']?([^ \t\r\n\"']+)[\"']?[ \t]*\r?$"
_LONGEST = 512
# `$BASE` alone, or as a tag or digest behind a name; a default (`${TAG:-latest}`) may follow.
_VARIABLE = r"\$\{?(?P<variable>\w+)(?::?-[^}]*)?\}?"
_WHOLE = re.compile(_VARIABLE)
_PART = re.compile(rf"(?P<name>[^@]*?)[:@](?P<before>[^:@/$]*){_VARIABLE}(?P<after>[^/]*)")


def arguments(swept: SweptText) -> Iterator[Found]:
    """The images, tags and digests in arguments that a `FROM` line uses, in their order."""
    if not _is_one(swept):
        return
    names: dict[str, str | None] = {}
    for match in swept.words(_FROM):
        for variable, name in _used(match.group(1)[:_LONGEST].decode("latin-1")):
            names.setdefault(variable, name)
    if not names:
        return
    for match in swept.words(_ARGUMENT):
        variable = match.group(1).decode("latin-1")
        if variable not in names:
            continue
        start, end = match.span(2)
        text, name = swept.text[start:end], names[variable]
        found = _image(start, end, text) if name is None else _tag(start, end, text, name)
        if found is not None:
            yield found


def continued(swept: SweptText) -> Iterator[Found]:
    """The images of `FROM` lines that end in a backslash, in their order."""
    if not _is_one(swept):
        return
    for match in swept.words(_CONTINUED):
        start, end = match.span(1)
        if (found := _image(start, end, swept.text[start:end])) is not None:
            yield found


def _is_one(swept: SweptText) -> bool:
    return _NAMED.fullmatch(swept.path.rpartition("/")[2]) is not None


def _used(image: str) -> Iterator[tuple[str, str | None]]:
    """The variable of an image in `FROM` and the name before it.

    The name is None if the variable is the whole image, and "" if a part of the name is filled in
    too, or if the variable is only a part of the tag (`app:${TAG}-slim`).
    """
    if match := _WHOLE.fullmatch(image):
        yield match["variable"], None
    elif match := _PART.fullmatch(image):
        is_clear = not match["before"] and not match["after"] and "$" not in match["name"]
        yield match["variable"], match["name"] if is_clear else ""


def _tag(start: int, end: int, text: str, name: str) -> Found | None:
    if is_digest(text):
        return Found(start, end, text, name, None, text, whole=False)
    return Found(start, end, text, name, text, whole=False) if is_tag(text) else None


def _image(start: int, end: int, text: str) -> Found | None:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return None
    if reference.tag is None and reference.digest is None:
        return None
    return Found(start, end, text, reference.name, reference.tag, reference.digest)
