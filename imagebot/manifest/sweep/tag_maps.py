"""Finds the tags in mappings from names to tags: `imageTags: {api: 1.0}`, and of values files also
`images: {api: 1.0, web: {tag: 1.0}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.text import SweptText
from imagebot.reference import is_tag

_OF_TAGS = r"[A-Za-z0-9_.-]*(?i:image|docker|container)[-_]?(?i:tags?|versions?)"
_HEADER = rf"(?m)^[ \t]*(?:- )?[\"']?({_OF_TAGS}|(?i:images))[\"']?[ \t]*:[ \t]*(?:#.*|\{{.*)?\r?$"
_FLOW_PAIR = re.compile(r"[{,][ \t]*[\"']?([\w./-]+)[\"']?[ \t]*:[ \t]*([\"']?)([\w.+-]+)\2")
_PAIR = re.compile(
    r"([ \t]*)[\"']?([\w./-]+)[\"']?[ \t]*:(?:[ \t]+([\"']?)([\w.+-]+)\3)?[ \t\r]*(?:#|\Z)"
)
_TAG = re.compile(r".*[0-9]|(?:latest|stable|edge|nightly|main|master|develop)\Z")
_NUMBER = re.compile(r"[0-9]+\Z")
# Keys beside the tags of images that say something else.
_OTHERS = re.compile(r"(?i)(?:pull_?policy|pull_?secrets?|replicas|port|schema_?version)\Z")
_ENVIRONMENTS = re.compile(r"(?:^|/)(?:env|envs|environments)(?:/[^/]+)?$")
_LONGEST_LINE = 2_000
# So many lines of one mapping are looked at.
_MOST_LINES = 200


def is_values_file(path: str) -> bool:
    """Whether a file has the values of a chart, or those of a helmfile's environments."""
    folder, _, name = path.lower().rpartition("/")
    named = "values" in name or "helmfile" in name or _ENVIRONMENTS.search(folder)
    return bool(named) and name.endswith((".yaml", ".yml", ".json", ".gotmpl"))


def tags_in_maps(swept: SweptText) -> Iterator[Found]:
    """The tags of a text in such mappings, in their order."""
    values = is_values_file(swept.path)
    done = 0
    for match in swept.words(_HEADER):
        start, end = match.span()
        if start < done:
            continue
        strict = match.group(1).lower() == b"images"
        if strict and not values:
            continue
        for last, found in _below(swept, start, end, strict=strict):
            done = last
            if found is not None:
                yield found


def _below(
    swept: SweptText, start: int, end: int, *, strict: bool
) -> Iterator[tuple[int, Found | None]]:
    """The tags of one mapping, each with the place up to which the text is searched."""
    header = swept.text[start : min(end, start + _LONGEST_LINE)]
    yield end, None
    if "{" in header.partition("#")[0]:
        for pair in _FLOW_PAIR.finditer(header):
            if _is_one(pair[1], pair[3], strict=strict):
                at = start + pair.start(3)
                yield end, _found(at, pair[3])
        return
    indent = len(header) - len(header.lstrip(" \t"))
    at = end + 1
    for _ in range(_MOST_LINES):
        last = swept.text.find(swept.newline, at, at + _LONGEST_LINE)
        line = swept.text[at : last if last >= 0 else at + _LONGEST_LINE]
        pair_here = _PAIR.match(line)
        content = line.strip()
        inside = len(line) - len(line.lstrip(" \t")) > indent
        if (content and not content.startswith("#") and not inside) or at >= len(swept.text):
            return
        if pair_here and pair_here[4] and _is_one(pair_here[2], pair_here[4], strict=strict):
            yield at + len(line), _found(at + pair_here.start(4), pair_here[4])
        if last < 0:
            return
        at = last + 1


def _is_one(key: str, value: str, *, strict: bool) -> bool:
    if _OTHERS.search(key) or not is_tag(value) or _TAG.match(value) is None:
        return False
    return not (strict and _NUMBER.match(value))


def _found(start: int, value: str) -> Found:
    return Found(start, start + len(value), value, "", value, whole=False)
