"""YAML inside literal block scalars: ConfigMaps, `values: |`, patches; to any depth."""

from __future__ import annotations

import re
from collections.abc import Callable

from imagebot.manifest.events import YamlFaultError
from imagebot.manifest.found import Embedded, Found, Sheet
from imagebot.manifest.marker_text import may_have_markers
from imagebot.manifest.source import embedded_source
from imagebot.manifest.tree import Mapping, Node, Sequence, build

# A line that could be a mapping's: scripts and configuration of other kinds rarely have a first
# line like it, and parsing them would only cost time.
_KEY_LINE = re.compile(r"""^[ ]*(?:-[ ]+)*["']?[\w./-]+["']?[ ]*:(?:[ ]|$)""", re.MULTILINE)
_MAX_DEPTH = 16


def read(sheet: Sheet, hints: tuple[str, ...], find: Callable[..., None]) -> None:
    """Read what was put aside, and what that puts aside; each scalar once."""
    seen: set[tuple[int, int]] = set()
    while sheet.embedded:
        part = sheet.embedded.pop()
        at = part.source.index(part.scalar.start_mark.index)
        if (at, part.depth) not in seen and _is_promising(part, hints):
            seen.add((at, part.depth))
            _read(sheet, part, find)


def _is_promising(part: Embedded, hints: tuple[str, ...]) -> bool:
    value = part.scalar.value
    return (
        part.depth <= _MAX_DEPTH
        and any(hint in value for hint in hints)
        and _KEY_LINE.search(value) is not None
    )


def _read(sheet: Sheet, part: Embedded, find: Callable[..., None]) -> None:
    source = embedded_source(part.source, part.scalar)
    if source is None:
        return
    try:
        roots: list[Node] = build(source.text)
    except YamlFaultError:
        return
    for number, root in enumerate(roots):
        if isinstance(root, Mapping | Sequence):
            prefix = part.keys if len(roots) == 1 else (*part.keys, number)
            found = Found(sheet, source, part.document, "helm", prefix, None, part.depth)
            if sheet.has_markers and may_have_markers(source.text):
                sheet.marked.append((found, root))
            find(found, root, "yaml")
