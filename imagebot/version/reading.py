"""How the tags of one list are read: each by its skeleton, and by what the places of it hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from imagebot.values import dataclass
from imagebot.version.dates import date_ends, later_dates
from imagebot.version.places import Place, decide, mark_held
from imagebot.version.shape import Layout, layout_of_skeleton, version_start
from imagebot.version.skeletons import (
    CACHED,
    Span,
    TagGroup,
    mark_hashes,
    merge,
    part_dates,
    split_days,
    zero_digits,
)

# Without this a skeleton has neither a hash nor a date, nor has a tag whose digits are zeros.
_UNCERTAIN = re.compile(r"~|[0a-f]{7}|[0A-F]{7}|0000(?:[-_.]|[-_.]?[wW])0")
_DOTTED = re.compile(r"0+\.0")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the tags of one list are read.

    `places` are those that have components of digits alone, as `decide` names them. `counts` is
    whether numbers that are a whole tag count builds: they do when one of them is 100 or more, and
    no dotted tag begins with one.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    counts: bool = False

    def layout_of(self, text: str) -> Layout | None:
        """How a text is read; None when nothing in it has an order."""
        return self.layout(self.skeleton_of(text))

    def layout(self, skeleton: str) -> Layout | None:
        return layout_of_skeleton(skeleton, self.counts)

    def skeleton_of(self, text: str) -> str:
        zeroed = zero_digits(text)
        if _UNCERTAIN.search(zeroed) is None:
            return zeroed
        group = TagGroup(mark_hashes(zeroed), (text,), (text,))
        (settled,) = _settle(split_days([group]), self.places)
        return settled.skeleton


ALONE = Reading()
"""How a tag is read that has no others around it."""


def read_layout(tag: str) -> Layout | None:
    """How a tag is read that has no others around it; None when nothing in it has an order."""
    return ALONE.layout_of(tag)


def read_groups(groups: Sequence[TagGroup], current: str | None) -> tuple[Reading, list[TagGroup]]:
    """How the tags of a list are read, and the tags by their skeletons.

    The groups are by rough skeletons. `current` is the text of a tag that need not be in the list.
    """
    certain: list[TagGroup] = []
    uncertain: list[TagGroup] = []
    for group in groups:
        (certain if _UNCERTAIN.search(group.skeleton) is None else uncertain).append(group)
    if current is not None:
        zeroed = zero_digits(current)
        unclear = _UNCERTAIN.search(zeroed) is not None
        skeleton = mark_hashes(zeroed) if unclear else zeroed
        (uncertain if unclear else certain).append(TagGroup(skeleton, (), (current,)))
    uncertain = split_days(uncertain)
    places = decide(uncertain, certain)
    settled = list(_settle(uncertain, places))
    reading = Reading(places, _counts([*certain, *settled]))
    return reading, [*(g for g in certain if g.tags), *merge(g for g in settled if g.tags)]


def _settle(groups: Iterable[TagGroup], places: Mapping[str, Place]) -> Iterator[TagGroup]:
    """The groups by their final skeletons."""
    for group in groups:
        skeleton, spans = settle_alone(group.skeleton)
        if places:
            skeleton = mark_held(group.skeleton, places)
            spans = version_dates(skeleton)
        if spans or skeleton != group.skeleton:
            yield from part_dates([group.with_skeleton(skeleton)], spans)
        else:
            yield group


@functools.lru_cache(maxsize=CACHED)
def settle_alone(skeleton: str) -> tuple[str, tuple[Span, ...]]:
    """The final skeleton where no place has digits alone, and where it may have a date."""
    marked = mark_held(skeleton, {})
    return marked, version_dates(marked)


@functools.lru_cache(maxsize=CACHED)
def version_dates(skeleton: str) -> tuple[Span, ...]:
    """Where a skeleton may have a date that is not marked yet, the longest first.

    Its version may be one, and so may what is behind it.
    """
    start = version_start(skeleton)
    if start is None:
        return ()
    spans = [(start, end) for end in date_ends(skeleton, start)]
    spans += later_dates(skeleton, start)
    return tuple((start, end) for start, end in spans if "0" in skeleton[start:end])


def _counts(groups: Iterable[TagGroup]) -> bool:
    """Whether numbers that are a whole tag count builds: see Reading."""
    every = tuple(groups)
    bare = [group for group in every if not group.skeleton.strip("0")]
    if all(len(group.skeleton) < 3 for group in bare):
        return False
    numbers = {text for group in bare for text in group.texts}
    if all(int(number) < 100 for number in numbers):
        return False
    dotted = [group for group in every if _DOTTED.match(group.skeleton)]
    return not any(text.split(".", 1)[0] in numbers for group in dotted for text in group.texts)
