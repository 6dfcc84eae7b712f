"""Visits every mapping of a document once, whatever its aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import MAX_PATH, Keys
from imagebot.manifest.images.others import is_others
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence

Visitor: TypeAlias = Callable[[DocumentContext, Mapping, Keys], None]


def walk(
    context: DocumentContext,
    node: Node,
    keys: Keys,
    visit: Visitor,
    *,
    skip: frozenset[str] = frozenset(),
) -> None:
    """Visit every mapping under `node` except below the keys in `skip`.

    Literal block scalars, which may hold YAML, and others that mention an image are queued.
    """
    kind = node.__class__
    if kind is Mapping:
        assert isinstance(node, Mapping)
        if id(node) in context.visited or len(keys) > MAX_PATH:
            return
        context.visited.add(id(node))
        if "apiVersion" in node and is_others(node):
            return
        visit(context, node, keys)
        for key, (_, child) in node.items():
            kind = child.__class__
            if kind is Mapping or kind is Sequence:
                if key not in skip:
                    walk(context, child, (*keys, key), visit, skip=skip)
            elif child is not None and child.style and may_hold_yaml(child):  # type: ignore[union-attr, arg-type]  # a scalar: tested by class above, for speed
                context.add_nested(child, (*keys, key))  # type: ignore[arg-type]  # as above
    elif kind is Sequence:
        assert isinstance(node, Sequence)
        if not context.enter(node) or len(keys) > MAX_PATH:
            return
        for number, child in enumerate(node):
            if isinstance(child, Mapping | Sequence):
                walk(context, child, (*keys, number), visit, skip=skip)
            elif child is not None and child.style and may_hold_yaml(child):
                context.add_nested(child, (*keys, number))


def may_hold_yaml(scalar: Scalar) -> bool:
    return scalar.style == "|" or ("mage" in scalar.value and ":" in scalar.value)
