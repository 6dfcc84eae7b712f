"""A YAML document as plain values that know where they stand.

Built from parser events: nothing is constructed, no tag is obeyed, duplicate keys are faults, and
what aliases stand for counts as often as it is used, so that no small file becomes a big value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebot.config.scalar import read_plain
from imagebot.config.yaml_events import MAX_DEPTH, UnreadableYamlError, parse_events, split_lines
from imagebot.errors import ConfigurationError, Fault

KeyPath = tuple[str | int, ...]

_MAX_VALUES = 50_000
_USERINFO = re.compile(r"://[^/\s]*@")
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it begins, and for mappings where each key stands.

    `size` counts the scalars and collections in it and `depth` how deep they are nested, aliases
    as what they stand for. `literal` is where the text of a scalar begins when it is on one line,
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
        """Where a key stands (an item, where the path ends in a list), else its nearest parent."""
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
        """Where a value stands; `position` characters into it where its text says so exactly."""
        node = self.node(keys)
        if node is None:
            return self.spot(keys)
        if position and node.literal is not None:
            return Spot(node.literal.line, node.literal.column + position)
        return node.literal or node.spot


def read_document(text: str, path: str) -> Document:
    """Raises ConfigurationError with everything that is wrong with the YAML itself."""
    bom = text.startswith("\ufeff")
    try:
        events = parse_events(text[bom:], path)
    except UnreadableYamlError as error:
        raise ConfigurationError((error.fault,)) from error.__cause__
    builder = _Builder(path, split_lines(text[bom:]), events)
    try:
        root = builder.build()
    except UnreadableYamlError as error:
        builder.faults.append(error.fault)
    if builder.faults:
        raise ConfigurationError(tuple(sorted(builder.faults, key=lambda f: (f.line, f.column))))
    return Document(path, root)


class _Builder:
    """Turns events into nodes; goes on after a fault, so that all are reported."""

    def __init__(self, path: str, lines: list[str], events: list[Any]) -> None:
        self.path = path
        self.lines = lines
        self.events = iter(events)
        self.anchors: dict[str, Node | None] = {}
        self.faults: list[Fault] = []

    def build(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents == 2:
                    raise self.stop(event, "a second document; a configuration is one document")
            elif name not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                root = self.node(event, ())
        return None if root is None or (root.value is None and not root.children) else root

    def node(self, event: Any, keys: KeyPath) -> Node:
        name = type(event).__name__
        if name == "AliasEvent":
            return self.alias(event, keys)
        if event.anchor:
            self.anchors[event.anchor] = None
        if name == "ScalarEvent":
            node = self.scalar(event, keys)
        elif name == "SequenceStartEvent":
            node = self.sequence(event, keys)
        else:
            node = self.mapping(event, keys)
        if node.size > _MAX_VALUES:
            raise self.stop(event, f"more than {_MAX_VALUES:,} values, aliases expanded")
        if node.depth > MAX_DEPTH:
            raise self.stop(event, f"nested deeper than {MAX_DEPTH} levels, aliases expanded")
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, keys: KeyPath) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self.anchors
            reason = f"*{event.anchor[:40]} " + ("contains itself" if known else "names no anchor")
            self.fault(event, keys, reason, "a text that begins with * needs quotes")
            return Node(_spot(event), None)
        return node

    def scalar(self, event: Any, keys: KeyPath) -> Node:
        text: str = event.value
        plain = not event.style
        if event.tag in _STRING_TAGS:
            value: object = text
        elif event.tag is not None:
            self.fault(event, keys, "YAML tags have no meaning here", "leave the tag out")
            value = text
        else:
            value = read_plain(text) if plain else text
        return Node(_spot(event), value, literal=self.literal(event, text))

    def literal(self, event: Any, text: str) -> Spot | None:
        mark = event.start_mark
        if mark.line >= len(self.lines) or mark.line != event.end_mark.line:
            return None
        start = mark.column + (event.style in ('"', "'"))
        same = bool(text) and self.lines[mark.line].startswith(text, start)
        return Spot(mark.line + 1, start + 1) if same else None

    def sequence(self, event: Any, keys: KeyPath) -> Node:
        self.refuse_tag(event, keys)
        items: list[Node] = []
        for child in self.events:
            if type(child).__name__ == "SequenceEndEvent":
                break
            items.append(self.node(child, (*keys, len(items))))
        values = [item.value for item in items]
        return _collection(event, values, dict(enumerate(items)), {})

    def mapping(self, event: Any, keys: KeyPath) -> Node:
        self.refuse_tag(event, keys)
        children: dict[str | int, Node] = {}
        spots: dict[str, Spot] = {}
        for key_event in self.events:
            if type(key_event).__name__ == "MappingEndEvent":
                break
            key = self.key(key_event, keys)
            value = self.node(next(self.events), keys if key is None else (*keys, key))
            if key is None:
                continue
            if key in children:
                reason = f"given twice, first on line {spots[key].line}"
                self.fault(key_event, (*keys, key), reason)
                continue
            children[key] = value
            spots[key] = _spot(key_event)
        values = {key: child.value for key, child in children.items()}
        return _collection(event, values, children, spots)

    def key(self, event: Any, keys: KeyPath) -> str | None:
        """The text of a key, as written; None (with a fault) when it is no plain key."""
        node = self.node(event, keys)
        if type(event).__name__ != "ScalarEvent":
            self.fault(event, keys, "a key must be text", "")
            return None
        text: str = event.value
        if text == "<<" and not event.style:
            self.fault(event, keys, "merge keys are not supported", "policies have `extends`")
            return None
        if node.value is None or not text:
            self.fault(event, keys, "an empty key")
            return None
        return text

    def refuse_tag(self, event: Any, keys: KeyPath) -> None:
        if event.tag is not None:
            self.fault(event, keys, "YAML tags have no meaning here", "leave the tag out")

    def fault(self, event: Any, keys: KeyPath, reason: str, hint: str = "") -> None:
        spot = _spot(event)
        self.faults.append(Fault(self.path, spot.line, spot.column, show_path(keys), reason, hint))

    def stop(self, event: Any, reason: str) -> UnreadableYamlError:
        spot = _spot(event)
        return UnreadableYamlError(Fault(self.path, spot.line, spot.column, "", reason))


def _collection(
    event: Any, value: object, children: Mapping[str | int, Node], key_spots: Mapping[str, Spot]
) -> Node:
    size = 1 + len(key_spots) + sum(child.size for child in children.values())
    depth = 1 + max((child.depth for child in children.values()), default=0)
    return Node(_spot(event), value, size, depth, children, key_spots)


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)


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
    """Text of somebody else, for a message: short, no control characters, no URL's credentials."""
    text = _USERINFO.sub("://…@", text)
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return short if short.isprintable() else repr(short)[1:-1]
