"""Parser events to nodes.

YAML tags have no effect, duplicate keys are issues, and the value of an alias counts as often as it
is used, so that a small file cannot become a big value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from imagebot.config.node import KeyPath, Node, Spot, show_path, show_text
from imagebot.config.scalar import read_plain
from imagebot.errors import ConfigIssue

MAX_DEPTH = 64
MAX_ISSUES = 100
"""The most issues reported of one file: nobody reads more, and each costs time."""

_MAX_VALUES = 50_000
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


class StoppedError(Exception):
    """Stays inside this package: an issue after which reading stops."""

    def __init__(self, issue: ConfigIssue) -> None:
        super().__init__(str(issue))
        self.issue = issue


class Composer:
    """Turns events into nodes; goes on after an issue, so that all are reported."""

    def __init__(self, path: str, lines: list[str], events: Iterable[Any]) -> None:
        self.path = path
        self.lines = lines
        self.events = iter(events)
        self.anchors: dict[str, Node | None] = {}
        self.issues: list[ConfigIssue] = []

    def build(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents == 2:
                    raise self.stop(event, "a second document: a configuration is one document")
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
            reason = f"*{show_text(event.anchor)} " + (
                "contains itself" if known else "has no anchor"
            )
            self.issue(event, keys, reason, "a text that begins with * needs quotes")
            return Node(_spot(event), None)
        return node

    def scalar(self, event: Any, keys: KeyPath) -> Node:
        text: str = event.value
        plain = not event.style
        if event.tag in _STRING_TAGS:
            value: object = text
        elif event.tag is not None:
            self.issue(event, keys, "YAML tags are not supported", "remove the tag")
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
                self.issue(key_event, (*keys, key), reason)
                continue
            children[key] = value
            spots[key] = _spot(key_event)
        values = {key: child.value for key, child in children.items()}
        return _collection(event, values, children, spots)

    def key(self, event: Any, keys: KeyPath) -> str | None:
        """The text of a key, as written; None (with an issue) when it is not a plain key."""
        node = self.node(event, keys)
        if type(event).__name__ != "ScalarEvent":
            self.issue(event, keys, "a key must be text", "")
            return None
        text: str = event.value
        if text == "<<" and not event.style:
            self.issue(event, keys, "merge keys are not supported", "policies have `extends`")
            return None
        if node.value is None or not text:
            self.issue(event, keys, "an empty key")
            return None
        return text

    def refuse_tag(self, event: Any, keys: KeyPath) -> None:
        if event.tag is not None:
            self.issue(event, keys, "YAML tags are not supported", "remove the tag")

    def issue(self, event: Any, keys: KeyPath, reason: str, hint: str = "") -> None:
        if len(self.issues) == MAX_ISSUES:
            raise self.stop(event, "too many issues; the rest was not checked")
        spot = _spot(event)
        self.issues.append(
            ConfigIssue(self.path, spot.line, spot.column, show_path(keys), reason, hint)
        )

    def stop(self, event: Any, reason: str) -> StoppedError:
        spot = _spot(event)
        return StoppedError(ConfigIssue(self.path, spot.line, spot.column, "", reason))


def _collection(
    event: Any, value: object, children: Mapping[str | int, Node], key_spots: Mapping[str, Spot]
) -> Node:
    size = 1 + len(key_spots) + sum(child.size for child in children.values())
    depth = 1 + max((child.depth for child in children.values()), default=0)
    return Node(_spot(event), value, size, depth, children, key_spots)


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)
