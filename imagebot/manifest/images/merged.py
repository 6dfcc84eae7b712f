"""Puts what other layers of Helm values give into the values of a file, as if Helm had merged them.

Such values take part in recognising an image; nothing is ever written to them, and what they say
alone is reported where they are written.
"""

from __future__ import annotations

from typing import TypeGuard

from imagebot.manifest.images.layers import Below, Given, ValuePath
from imagebot.manifest.yaml.events import Mark, Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence


class GivenScalar:
    """A value of another layer, with the attributes of a parser's event; the marks are those of the
    mapping that it is put into."""

    __slots__ = ("given", "start_mark", "value")
    style: str | None = ""
    tag: str | None = None

    def __init__(self, value: str, given: Given, mark: Mark) -> None:
        self.value = value
        self.given = given
        self.start_mark = mark

    @property
    def end_mark(self) -> Mark:
        return self.start_mark


class _Mark:
    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


def is_given(node: object) -> TypeGuard[GivenScalar]:
    """Whether a value is of another layer."""
    return node.__class__ is GivenScalar


def merge(below: Below, root: Mapping) -> None:
    """Put what is given to a section of a file into its tree, where it says nothing itself.

    A mapping that aliases use in several places gets nothing: it is not the same in all of them.
    """
    shared = _shared(root) if below.given else frozenset()
    for given in below.given:
        owner = _owner(root, given.path)
        if owner is not None and id(owner) not in shared:
            put(owner, given.path[-1], given)


def _shared(root: Mapping) -> frozenset[int]:
    """The mappings that are in more than one place."""
    seen: set[int] = set()
    shared: set[int] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping | Sequence):
            continue
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            waiting += [value for _, value in node.values()]
        else:
            waiting += node
    return frozenset(shared)


def put(owner: Mapping, key: str, given: Given) -> None:
    """Give a mapping a value of another layer, unless it says something itself."""
    if owner.pair(key) is None:
        mark = _Mark(owner.start)
        owner[key] = (GivenScalar(key, given, mark), GivenScalar(given.text, given, mark))


def _owner(root: Mapping, path: ValuePath) -> Mapping | None:
    """The mapping that a value belongs to; only `global` is made where it is missing."""
    here: Node = root
    for key in path[:-1]:
        if not isinstance(here, Mapping):
            return None
        following = here.node(key)
        if following is None and path[0] == "global" and here.pair(key) is None:
            following = Mapping.like(here)
            mark = _Mark(here.start)
            name: Scalar = GivenScalar(key, Given(path, "", ""), mark)
            here[key] = (name, following)
        here = following
    return here if isinstance(here, Mapping) else None
