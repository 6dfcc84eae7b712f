"""Keys that have a place in the schema, but no code yet.

Removing a line from the table turns the key on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imagebot.config.issues import Issues
from imagebot.config.node import Document, KeyPath, Node
from imagebot.config.trust import BOT_KEYS
from imagebot.policy.keys import LATER_KEYS

# Dotted key paths, `*` for any name or index.
LATER: Mapping[str, str] = {
    "notify": "not yet: notifications",
    **{f"policies.*.{name}": key.doc for name, key in LATER_KEYS.items()},
}


def refuse_later(document: Document, issues: Issues) -> None:
    for path, what in LATER.items():
        if not issues.trusted and path in BOT_KEYS:
            continue
        for keys in _find(document.root, tuple(path.split(".")), ()):
            issues.add(keys, what, "remove it for now")


def _find(node: Node | None, steps: tuple[str, ...], keys: KeyPath) -> Iterator[KeyPath]:
    if node is None:
        return
    if not steps:
        yield keys
        return
    for key, child in node.children.items():
        if steps[0] in ("*", key):
            yield from _find(child, steps[1:], (*keys, key))
