"""The scalars of a document, each once, in any order."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar


def scalars_of(root: Node) -> Iterator[Scalar]:
    """The values of a document; keys are left out."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            waiting += [value for _, value in node.values()]
        elif isinstance(node, Sequence):
            waiting += node
        elif is_scalar(node):
            yield node


def scalars_with_keys(
    root: Node,
) -> Iterator[tuple[Scalar, tuple[str | int, ...]]]:
    """Values with the keys that lead to them."""
    seen: set[int] = set()
    waiting: list[tuple[Node, tuple[str | int, ...]]] = [(root, ())]
    while waiting:
        node, keys = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            waiting.extend((value, (*keys, key)) for key, (_, value) in node.items())
        elif isinstance(node, Sequence):
            waiting.extend((value, (*keys, number)) for number, value in enumerate(node))
        elif is_scalar(node):
            yield node, keys
