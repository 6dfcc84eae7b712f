"""Keys and values that have a place in the schema and no stage behind them yet.

Taking a line out of the table turns the key on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imagebot.config.issues import Issues
from imagebot.config.node import Document, KeyPath, Node
from imagebot.config.trust import BOT_KEYS

# Dotted key paths, `*` for any name or index.
LATER: Mapping[str, str] = {
    "notify": "notifications",
    "serve": "the daemon and its webhooks",
    "policies.*.signatures": "verifying signatures",
}
LATER_POLICY_KEYS = frozenset(
    path.removeprefix("policies.*.") for path in LATER if path.startswith("policies.*.")
)


def refuse_later(document: Document, issues: Issues) -> None:
    for path, what in LATER.items():
        if not issues.trusted and path in BOT_KEYS:
            continue
        for keys in _find(document.root, tuple(path.split(".")), ()):
            issues.add(keys, f"not yet: {what}", "leave it out for now")


def _find(node: Node | None, steps: tuple[str, ...], keys: KeyPath) -> Iterator[KeyPath]:
    if node is None:
        return
    if not steps:
        yield keys
        return
    for key, child in node.children.items():
        if steps[0] in ("*", key):
            yield from _find(child, steps[1:], (*keys, key))
