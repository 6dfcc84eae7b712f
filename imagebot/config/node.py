"""A YAML document as plain values that know their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from imagebot.text import excerpt
from imagebot.values import dataclass

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it begins, and for mappings the place of each key.

    `size` counts the scalars and collections in it and `depth` how deep they are nested, aliases
    by their value. `literal` is where the text of a scalar begins when it is on one line,
    plain or in quotes without escapes.
    """

    spot: Spot
    value: object
    size: int = 1
    depth: int = 0
    children: Mapping[str | int, Node] = field(default_factory=dict)
    key_spots: Mapping[str, Spot] = field(default_factory=dict)
    literal: Spot | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The one document of a file; `root` is None when it is empty."""

    path: str
    root: Node | None

    @property
    def value(self) -> object:
        return self.root.value if self.root else None

    def node(self, keys: Sequence[str | int]) -> Node | None:
        """The node at a key path; None when there is none."""
        node = self.root
        for key in keys:
            node = node.children.get(key) if node else None
        return node

    def spot(self, keys: Sequence[str | int]) -> Spot:
        """The place of a key, or of an item of a list; else of the nearest parent."""
        known = tuple(keys)
        while known:
            parent = self.node(known[:-1])
            last = known[-1]
            if parent is not None and isinstance(last, str) and last in parent.key_spots:
                return parent.key_spots[last]
            if parent is not None and last in parent.children:
                return parent.children[last].spot
            known = known[:-1]
        return self.root.spot if self.root else Spot(1, 1)

    def value_spot(self, keys: Sequence[str | int], position: int = 0) -> Spot:
        """The place of a value, or of the character at `position` where that is known."""
        node = self.node(keys)
        if node is None:
            return self.spot(keys)
        if position and node.literal is not None:
            return Spot(node.literal.line, node.literal.column + position)
        return node.literal or node.spot


def show_path(keys: Sequence[str | int]) -> str:
    """`policies.api.semver`, `routes[0].files[1]`; safe to print."""
    shown = ""
    for key in keys:
        if isinstance(key, int):
            shown += f"[{key}]"
        else:
            shown += ("." if shown else "") + show_text(key)
    return shown


def show_text(text: str, *, limit: int = 60) -> str:
    """Text from outside, for a message: short, no control characters, no URL's credentials."""
    return excerpt(text, limit)
