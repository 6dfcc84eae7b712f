"""Templates of helmfile (`*.yaml.gotmpl`) as YAML of the same length, for what is literal in them.

An action (`{{ … }}`) becomes a comment where it is all that is on its lines, and elsewhere a text
that no reference can have. All other bytes stay where they are, so what is found in the YAML is at
the same place in the template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

ENDINGS = (".yaml.gotmpl", ".yml.gotmpl")
_START, _END = b"{{", b"}}"
_BREAKS = b"\r\n"
_FIRST, _MORE, _COMMENT = b"$", b"x", b"#"
# Actions after which the YAML is another one.
_CHANGING = re.compile(
    r"\{\{-?[ \t\r\n]*(?:if|else|end|range|with|define|block|template|include|tpl|toYaml|toJson)\b"
    r"|\|[ \t]*(?:toYaml|toJson|nindent|indent)\b"
)
# Comments, and variables that are set.
_SILENT = re.compile(r"\{\{-?[ \t\r\n]*(?:/\*|\$\w+[ \t]*:?=)")


def is_masked(path: str) -> bool:
    """Whether a file is read through `mask`."""
    return path.endswith(ENDINGS)


def mask(data: bytes) -> bytes:
    """The template with its actions hidden. An action that does not end is left as it is."""
    made: list[bytes] = []
    at = 0
    while (start := data.find(_START, at)) >= 0 and (end := data.find(_END, start + 2)) >= 0:
        made += (data[at:start], _hidden(data[start : end + 2]))
        at = end + 2
    if not made:
        return data
    masked = b"".join((*made, data[at:]))
    lines = zip(data.split(b"\n"), masked.split(b"\n"), strict=True)
    return b"\n".join(_line(old, new) for old, new in lines)


def actions(text: str) -> Iterator[tuple[int, str]]:
    """Every action of a template, with its place."""
    at = 0
    while (start := text.find("{{", at)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        at = end + 2
        yield start, text[start:at]


def only_fills_in(text: str) -> bool:
    """Whether the YAML of a template is that of `mask`, but for the values that are filled in."""
    at, is_first = 0, True
    for start, action in actions(text):
        between = text[at:start]
        is_first = (is_first or "\n" in between) and not between.rpartition("\n")[2].strip()
        at = start + len(action)
        if not _SILENT.match(action) and (is_first or _CHANGING.search(action)):
            return False
    return True


def _hidden(action: bytes) -> bytes:
    """As long, with the same line breaks."""
    parts = [bytes(c if c in _BREAKS else _MORE[0] for c in line) for line in action.split(b"\n")]
    return _FIRST + b"\n".join(parts)[1:]


def _line(old: bytes, new: bytes) -> bytes:
    """A masked line; one on which nothing is left is a comment."""
    if old == new:
        return new
    rest = new.strip()
    if rest.strip(_FIRST + _MORE + b" \t") or not rest:
        return new
    lead = len(new) - len(new.lstrip())
    return new[:lead] + _COMMENT + new[lead + 1 :]
