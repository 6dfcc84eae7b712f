"""Finds tags that are beside the name of an image: `API_IMAGE=acme/api` and `API_TAG=1.4.2`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.tag_maps import is_values_file
from imagebot.manifest.sweep.text import NEAR, SweptText, compiled
from imagebot.reference import is_tag, parse_reference

_ENDING = r"(?i:tag|version|digest)"
_VALUE = r"([A-Za-z0-9_][A-Za-z0-9_.+-]*(?::[0-9a-f]{64})?)"
# A key and its value on one line, or as a pair: `- name: API_TAG` with `value: 1.4.2` behind it or
# below it. An anchor may be before the value.
_SIGN = r"(?:[ \t]*[?:+]?=[ \t]*|:[ \t]+|[ \t]+:[ \t]+|:)(?:&[\w.-]+[ \t]+)?"
_PAIR = r"name[\"']?:[ \t]*[\"']?"
_VALUE_OF = r"[\"']?[ \t]*,?[ \t]*(?:\r?\n[ \t]*)?[\"']?(?:value|default)[\"']?:[ \t]*[\"']?"
_KEYED = (
    rf"([A-Za-z0-9_.-]*{_ENDING})[\"']?{_SIGN}[\"']?{_VALUE}"
    rf"|{_PAIR}([A-Za-z0-9_.-]*{_ENDING}){_VALUE_OF}{_VALUE}"
)
# `imageLayoutVersion` is the version of something else.
_OF_IMAGE = re.compile(
    r".*(?:image|(?<![a-z])img).*(?:tag|digest)$|.*(?:image|(?<![a-z])img)[-_.]?version$"
    r"|.*(?:docker|container)[-_.]?(?:tag|digest)$"
    # Of Kustomize.
    r"|newTag$",
    re.IGNORECASE,
)
# In the values of charts a tag is that of an image: `apiTag`, `api_tag`, `tag`.
_OF_VALUES = re.compile(r"(?:.*[-_.])?tag$|.*[a-z0-9]Tag$")
# And in the variables of a deployment.
_OF_ENVIRONMENT = re.compile(r"(?:.*_)?TAG$")
_ENVIRONMENT = re.compile(r"(?:^|/)\.env(?:\.[\w.-]+)?$|\.env$")
_OF_CODE = re.compile(r"git|branch|node|release", re.IGNORECASE)
_LONGEST_KEY = 128
_STEM = re.compile(r"[-_.]?(?:image|img)?[-_.]?(?:tag|version|digest)$", re.IGNORECASE)
_NOT_TAGS = re.compile(r"apiVersion|[sS]chema_?[vV]ersion")
_TAG = re.compile(r".*[0-9]|(?:latest|stable|edge|nightly|main|master|develop)$")
_AFTER = frozenset(" \t\r\n\"'`,;)]}#\\&|")
# A name of an image on a line of its own, in a mapping in flow style, or as a pair.
_KEY = r"[A-Za-z0-9_.-]*(?i:image|img|repository|repo)(?:[-_.]?(?i:name|repository|repo))?"
_NAME = r"[\"']?([a-z0-9][a-z0-9._/:-]*)[\"']?[ \t]*(?:[,;})\r\n#&|]|$|[ \t]-)"
# A `name` is one of an image if it has a registry (`name: ghcr.io/acme/api`).
_HOSTED = r"[\"']?([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]+)?/[a-z0-9._/-]*)"
_NAMED = (
    rf"({_KEY})[\"']?{_SIGN}{_NAME}"
    rf"|{_PAIR}({_KEY}){_VALUE_OF}{_NAME}"
    rf"|(name|newName)[\"']?{_SIGN}{_HOSTED}"
)
_NAME_END = re.compile(r"[-_.]?(?:image|img|repository|repo|name)$", re.IGNORECASE)
# How many lines before and after a tag may have the name.
_LINES = 3


def tags(swept: SweptText) -> Iterator[Found]:
    """The tags of a text that belong to an image, in their order, those in comments included."""
    expression = _OF_VALUES if is_values_file(swept.path) else None
    if _ENVIRONMENT.search(swept.path):
        expression = _OF_ENVIRONMENT
    for match in swept.words(_KEYED):
        number = 1 if match.start(1) >= 0 else 3
        key = match.group(number).decode("latin-1")
        start, end = match.span(number + 1)
        value = swept.text[start:end]
        if not _is_tag(swept.text, end, value) or _NOT_TAGS.search(key):
            continue
        name = _name_beside(swept, match.start(number), end, key)
        short = key[-_LONGEST_KEY:]
        of_values = expression and expression.match(short) and not _OF_CODE.search(short)
        if name or _OF_IMAGE.match(short) or of_values:
            digest = value if value.startswith("sha256:") else None
            yield Found(start, end, value, name, None if digest else value, digest, whole=False)


def _is_tag(text: str, end: int, value: str) -> bool:
    if end < len(text) and text[end] not in _AFTER:
        return False
    if value.startswith("sha256:"):
        return True
    return is_tag(value) and _TAG.match(value) is not None


def _name_beside(swept: SweptText, start: int, end: int, key: str) -> str:
    """The name of the image whose tag `key` has; "" if none is beside it."""
    stem = _folded(_STEM.sub("", key))
    first, last = _around(swept, start, end)
    column = _column(swept, start)
    best, nearest = "", _LINES + 1
    for match in compiled(_NAMED).finditer(swept.data[first:last]):
        number = next(group for group in (1, 3, 5) if match.start(group) >= 0)
        other = match.group(number).decode("latin-1")
        own = _folded(_without_ends(other))
        if not _belongs(stem, own, other):
            continue
        at = first + match.start(number)
        lines = swept.text[min(at, end) : max(at, end)].split(swept.newline)
        apart = len(lines) - 1
        if apart and _column(swept, at) != column:
            continue
        # `tag` alone is that of the image in the same mapping.
        if apart and not (stem and own) and (column < 0 or _is_next(lines[1:], column)):
            continue
        name: str = match.group(number + 1).decode("latin-1")
        # The name before its tag, if both sides have one as near.
        if apart < nearest and _is_name(name):
            best, nearest = name, apart
        # A line of a megabyte has very many names near each of its tags.
        if nearest == 0:
            break
    return best


def _is_next(lines: list[str], column: int) -> bool:
    """Whether another item of a list begins on one of the lines."""
    return any(
        line.lstrip(" \t").startswith("- ") and len(line) - len(line.lstrip(" \t")) < column
        for line in lines
    )


def _belongs(stem: str, own: str, key: str) -> bool:
    """Whether the rests of two keys, without the words for their parts, are about one image."""
    if own == stem:
        return True
    if key in ("name", "newName"):
        return stem in ("", "new")
    return own == "" and "image" in key.lower()


def _column(swept: SweptText, at: int) -> int:
    """How far a key is indented, the dash of an item and quotes included."""
    before = swept.before(at)
    return len(before) if not before.strip(b" \t-\"'") else -1


def _without_ends(key: str) -> str:
    return _NAME_END.sub("", _NAME_END.sub("", key))


def _around(swept: SweptText, start: int, end: int) -> tuple[int, int]:
    """Where the lines near a pair start and end, `NEAR` bytes before and after it at most."""
    text, newline = swept.text, swept.newline
    first, last = start, end
    for _ in range(_LINES + 1):
        found = text.rfind(newline, max(0, start - NEAR), first)
        first = found if found >= 0 else max(0, start - NEAR)
        found = text.find(newline, last + 1, end + NEAR)
        last = found if found >= 0 else min(len(text), end + NEAR)
    return first, last


def _is_name(text: str) -> bool:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return False
    has_letter = any(char.isalpha() for char in text)
    return has_letter and reference.tag is None and reference.digest is None


def _folded(key: str) -> str:
    return key.replace("-", "").replace("_", "").replace(".", "").lower()
