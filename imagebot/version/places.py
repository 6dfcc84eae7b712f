"""What a place of a tag holds - a hash, a number or a date - decided from the whole list.

About one abbreviated commit in 28 has no letter among its seven digits, so no single tag can tell a
commit from a number; the tags around it can. A *place* is where a component stands among the words
and separators of a tag: `main-12-4f2a9c1` and `main-9-1234567` have their second component in the
same place.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import chain, islice
from typing import Literal

from imagebot.values import dataclass
from imagebot.version.skeletons import (
    CACHED,
    LONGEST_HASH,
    SHORTEST_HASH,
    WHOLE,
    Span,
    TagGroup,
)

Held = Literal["hash", "number", "unknown"]

_COMPONENTS = re.compile(rf"{WHOLE[0]}(?:0{{{SHORTEST_HASH},}}|1{{10}}|1{{13}}|~+){WHOLE[1]}")
_SIX = re.compile(rf"{WHOLE[0]}0{{6}}{WHOLE[1]}")
_RUN = re.compile(r"[01~]+")
_MARKS: Mapping[Held, str] = {"hash": "~", "unknown": "?", "number": ""}
_ENOUGH = 30
"""So many digits without a letter are a hash's once in a million: (10/16)^30."""


@dataclass(frozen=True, slots=True)
class Component:
    """What may be a hash: seven characters or more.

    `mark` is its character in the skeleton, and `place` the name of its place.
    """

    span: Span
    mark: str
    place: str
    dotted: bool

    @property
    def length(self) -> int:
        return self.span[1] - self.span[0]


@functools.lru_cache(maxsize=CACHED)
def components(skeleton: str) -> tuple[Component, ...]:
    """What of a skeleton may be a hash, from left to right."""
    return tuple(
        Component(
            found.span(),
            found[0][0],
            _place_of(skeleton, found.span()),
            _is_dotted(skeleton, found.span()),
        )
        for found in _COMPONENTS.finditer(skeleton)
    )


def _place_of(skeleton: str, span: Span) -> str:
    """Names a place: what is around it, with all numbers and hashes alike."""
    start, end = span
    return f"{_RUN.sub('0', skeleton[:start])}?{_RUN.sub('0', skeleton[end:])}"


def _is_dotted(skeleton: str, span: Span) -> bool:
    """Whether a component is one of several numbers with dots between them."""
    start, end = span
    return skeleton[start - 2 : start] == "0." or skeleton[end : end + 2] == ".0"


@dataclass(frozen=True, slots=True)
class Place:
    """What a place holds, and how long its components with letters are."""

    held: Held
    lengths: frozenset[int] = frozenset()


_Seen = tuple[TagGroup, Component]


@dataclass(slots=True)
class _Evidence:
    """Where components are seen that are in one place: without letters, with them, and short."""

    digits: list[_Seen] = field(default_factory=list)
    letters: list[_Seen] = field(default_factory=list)
    short: bool = False
    """Whether there are numbers of six digits, which no hash has."""

    def decide(self) -> Place:
        """Exact, but no further than it must: the lettered are counted up to what decides."""
        lengths = frozenset(component.length for _, component in self.letters)
        values = {value for group, one in self.digits for value in group.column(one.span)}
        if not values:
            return Place("hash" if self.letters else "unknown", lengths)
        lettered = _count(self.letters, len(values) // 4 + 1)
        if lettered * 4 >= len(values):
            return Place("hash", lengths)
        if lettered * 19 >= len(values) or any(value[0] == "0" for value in values):
            return Place("unknown", lengths)
        is_version = not lettered and all(one.dotted for _, one in self.digits)
        has_grown = self.short and not lettered and max(map(len, values)) == SHORTEST_HASH
        is_number = is_version or has_grown or sum(map(len, values)) >= _ENOUGH
        return Place("number" if is_number else "unknown", lengths)


def _count(seen: Iterable[_Seen], most: int) -> int:
    """How many values there are at some places, counted until there are so many."""
    found: set[str] = set()
    for group, component in seen:
        values = group.column(component.span)
        while len(found) < most and (some := set(islice(values, most))):
            found |= some
    return len(found)


def decide(groups: Sequence[TagGroup], certain: Sequence[TagGroup]) -> dict[str, Place]:
    """What the places hold that have components of digits alone, or Unix times.

    Of the `certain` groups only the shorter numbers count.
    """
    places: dict[str, _Evidence] = defaultdict(_Evidence)
    seen = [(group, one) for group in groups for one in components(group.skeleton)]
    for group, component in seen:
        if component.mark == "1":
            places[component.place]  # a hash of ten digits looks like a time
        elif component.mark == "0" and component.length <= LONGEST_HASH:
            places[component.place].digits.append((group, component))
    if not places:
        return {}
    for group, component in seen:
        if component.mark == "~" and component.place in places:
            places[component.place].letters.append((group, component))
    for group in chain(groups, certain):
        for found in _SIX.finditer(group.skeleton):
            place = _place_of(group.skeleton, found.span())
            if place in places:
                places[place].short = True
    return {place: evidence.decide() for place, evidence in places.items()}


def mark_held(skeleton: str, places: Mapping[str, Place]) -> str:
    """A skeleton with marks for what its places hold."""
    marked = skeleton
    for component in components(skeleton):
        start, end = component.span
        mark = _MARKS[_held(component, places)]
        if mark:
            marked = f"{marked[:start]}{mark * (end - start)}{marked[end:]}"
    return marked


def _held(component: Component, places: Mapping[str, Place]) -> Held:
    place = places.get(component.place)
    if component.mark == "1":
        is_hash = place is not None and place.held == "hash" and component.length in place.lengths
        return "hash" if is_hash else "number"
    if component.mark == "~":
        return "unknown" if place is not None and place.held == "unknown" else "hash"
    if place is not None:
        return place.held
    is_number = component.length > LONGEST_HASH or component.dotted
    return "number" if is_number else "unknown"
