"""A document as nested mappings, sequences and scalar events, built from the parser's events.

An alias is the node that it names, so a node can have several parents, even itself: code that
walks a tree must remember the nodes it has visited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, TypeGuard

from imagebot.manifest.yaml.events import (
    MAX_DEPTH,
    MAX_EVENTS,
    Engine,
    Scalar,
    YamlFaultError,
    event_classes,
    with_events,
)

COMPLEX_KEY = "\0complex"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_LONGEST_NULL = 4
_NONE: frozenset[str] = frozenset()
# Mappings that are merged into one, at most: looking for a key costs as many steps.
_MOST_MERGED = 100


class Mapping(dict[str, tuple[Scalar, "Node"]]):
    """Key text to (key, value). `start` and `end` count code points; `repeated` are keys that
    occur more than once (the last one is kept)."""

    __slots__ = ("_aliases", "digest_keys", "end", "flow", "repeated", "start")

    _aliases: dict[str | int, int]
    digest_keys: dict[str, list[str]]
    """A memo of naming.py; not set before."""

    start: int
    end: int
    flow: bool
    repeated: frozenset[str]

    @classmethod
    def like(cls, other: Mapping) -> Mapping:
        """An empty mapping at the same position, to collect parts in."""
        made = cls()
        made.start, made.end, made.flow = other.start, other.end, other.flow
        made.repeated = _NONE
        return made

    def node(self, key: str) -> Node:
        """The value of `key`, found through merge keys (`<<`) too; None when it is not there."""
        pair = self.pair(key)
        return None if pair is None else pair[1]

    def pair(self, key: str) -> tuple[Scalar, Node] | None:
        """A key as it is written and its value, found in the same way."""
        return _look_up(self, key)

    def scalar(self, key: str) -> Scalar | None:
        pair = self.get(key)
        if pair is None and "<<" not in self:
            return None
        node = pair[1] if pair is not None else self.node(key)
        return node if is_scalar(node) else None

    def text(self, key: str) -> str:
        """The value of `key` as it would be read; "" if it is missing, null or not a scalar."""
        pair = self.get(key)
        if pair is None and "<<" not in self:
            return ""
        node = pair[1] if pair is not None else self.node(key)
        return "" if not is_scalar(node) or is_null(node) else node.value

    def mapping(self, key: str) -> Mapping | None:
        node = self.node(key)
        return node if isinstance(node, Mapping) else None

    def sequence(self, key: str) -> Sequence | None:
        node = self.node(key)
        return node if isinstance(node, Sequence) else None


class Sequence(list["Node"]):
    __slots__ = ("_aliases", "end", "flow", "start")

    _aliases: dict[str | int, int]

    start: int
    end: int
    flow: bool


Node: TypeAlias = Mapping | Sequence | Scalar | None


def aliases_of(node: Mapping | Sequence) -> dict[str | int, int]:
    """Where the values are written that are aliases, by key or number."""
    # Most mappings have no alias, and setting an attribute for each would cost time.
    found: dict[str | int, int] = getattr(node, "_aliases", {})
    return found


def _note_alias(owner: Mapping | Sequence, key: str | int, at: int) -> None:
    aliases = aliases_of(owner)
    aliases[key] = at
    owner._aliases = aliases  # noqa: SLF001  # of the same module


def is_scalar(node: Node) -> TypeGuard[Scalar]:
    return node.__class__ not in _NO_SCALARS


def is_null(scalar: Scalar) -> bool:
    """Whether a scalar means that there is no value."""
    value = scalar.value
    if len(value) > _LONGEST_NULL:
        return value.isspace()
    value = value.strip()
    return not value or (scalar.style in ("", None) and value in _NULLS)


_NO_SCALARS = frozenset({Mapping, Sequence, type(None)})


class _ComplexKey:
    """Stands for a key that is a mapping or a sequence, as in `{{ .Values.image }}`."""

    value = COMPLEX_KEY


def build(text: str, *, patient: bool = True) -> list[Node]:
    """The documents of `text`; `patient` lets a slower parser read what libyaml refuses.

    Raises YamlFaultError: not YAML, nested too deeply, too many nodes.
    """
    return build_and_engine(text, patient=patient)[0]


def build_and_engine(text: str, *, patient: bool = True) -> tuple[list[Node], Engine]:
    """As `build`, and the parser that read it all."""
    return with_events(
        text, lambda stream, engine: (_build(stream, engine), engine), patient=patient
    )


def _look_up(mapping: Mapping, key: str) -> tuple[Scalar, Node] | None:
    """Depth first, by the precedence of merge keys; each mapping once, because aliases multiply."""
    if (own := mapping.get(key)) is not None:
        return own
    waiting = _merged(mapping)
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_MERGED:
        here = waiting.pop()
        if not isinstance(here, Mapping) or id(here) in seen:
            continue
        seen.add(id(here))
        pair = here.get(key)
        if pair is not None and pair[1] is not None:
            return pair
        waiting += _merged(here)
    return None


def _merged(mapping: Mapping) -> list[Node]:
    """The nodes that `<<` merges into a mapping, the last one first."""
    merge = mapping.get("<<")
    if merge is None:
        return []
    return merge[1][_MOST_MERGED::-1] if isinstance(merge[1], Sequence) else [merge[1]]


def _build(stream: Iterator[Any], _engine: Engine) -> list[Node]:
    """One loop on purpose: it runs for every event of every manifest."""
    scalar_event, alias_event, *collections = event_classes()
    mapping_start, mapping_end, sequence_start, sequence_end = collections
    documents: list[Node] = []
    anchors: dict[str, Node] = {}
    stack: list[tuple[Any, Any]] = []
    top: Any = None
    key: Any = None
    in_mapping = False
    count = 0
    for event in stream:
        kind = event.__class__
        node: Any
        if kind is scalar_event:
            node = event
            if event.anchor is not None:
                anchors[event.anchor] = event
            if in_mapping and key is None:
                key = event
                continue
        elif kind is mapping_start or kind is sequence_start:
            node = Mapping() if kind is mapping_start else Sequence()
            node.start = event.start_mark.index
            node.flow = event.flow_style
            if kind is mapping_start:
                node.repeated = _NONE
            if event.anchor is not None:
                anchors[event.anchor] = node
            stack.append((top, key))
            if len(stack) > MAX_DEPTH:
                line = event.start_mark.line + 1
                raise YamlFaultError("too-deep", line, f"nested deeper than {MAX_DEPTH} levels")
            top, key, in_mapping = node, None, kind is mapping_start
            continue
        elif kind is mapping_end or kind is sequence_end:
            node = top
            node.end = event.end_mark.index
            top, key = stack.pop()
            in_mapping = top.__class__ is Mapping
        elif kind is alias_event:
            node = anchors.get(event.anchor)
            if top is not None and (key is not None or not in_mapping):
                _note_alias(top, key.value if in_mapping else len(top), event.start_mark.index)
        else:
            continue
        if in_mapping:
            if key is None:
                key = _ComplexKey
                continue
            text = key.value
            if text in top:
                top.repeated |= {text}
            top[text] = (key, node)
            key = None
        elif top is not None:
            top.append(node)
        else:
            documents.append(node)
        count += 1
        if count > MAX_EVENTS:
            raise YamlFaultError("too-big", 0, f"more than {MAX_EVENTS} nodes")
    return documents
