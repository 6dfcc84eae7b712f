"""What a place of a tag holds - a hash, a number or a date - decided from the whole list.

About one abbreviated commit in 28 has no letter among its seven digits, so no single tag can tell a
commit from a number; the tags around it can. A *place* is where a component stands among the words
and separators of a tag: `main-12-4f2a9c1` and `main-9-1234567` have their second component in the
same place.

Tags are read by their *skeleton*: the tag with a zero for every digit, a one for every digit of a
date, a tilde for every character of a hash, and a question mark for every character of what may be
a hash or a number.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import Literal, NamedTuple

from imagebot.version.dates import DATE_LENGTHS, date_ends, is_date
from imagebot.version.shape import Layout, layout_of_skeleton, version_start
from imagebot.version.words import HASHES

Held = Literal["hash", "number", "unknown"]
Span = tuple[int, int]

_ZEROS = str.maketrans("123456789", "000000000")
_NAMES = "|".join(sorted(HASHES))
_WHOLE = r"(?<![^-_.+\n])", r"(?![^-_.+\n])"
# Components with a letter, hexadecimal; `git describe` puts a g before them.
_LETTERED = re.compile(rf"{_WHOLE[0]}(?:g|{_NAMES})?(?=0*[a-f])[0a-f]{{7,40}}{_WHOLE[1]}", re.ASCII)
_DIGITS = re.compile(rf"{_WHOLE[0]}0{{7,40}}{_WHOLE[1]}")
_NAMED = re.compile(
    rf"{_WHOLE[0]}(?:(?:{_NAMES})[-_.+]|(?:g|{_NAMES})(?=0))0{{7,40}}{_WHOLE[1]}", re.IGNORECASE
)
_COMPONENTS = re.compile(rf"{_WHOLE[0]}(?:0{{7,}}|1{{10}}|1{{13}}|~+){_WHOLE[1]}")
_SIX = re.compile(rf"{_WHOLE[0]}0{{6}}{_WHOLE[1]}")
_RUN = re.compile(r"[01~]+")
# Without this a skeleton has neither a hash nor a date, nor has a tag whose digits are zeros.
_UNCERTAIN = re.compile(r"~|[0a-f]{7}|0000[-_.]0")
_DOTTED = re.compile(r"0+\.0")
_SHORTEST, _LONGEST = 7, 40
_TILDES = tuple("~" * length for length in range(_LONGEST + 10))
_CACHED = 8192
_ENOUGH = 30
"""So many digits without a letter are a hash's once in a million: (10/16)^30."""


class TagGroup(NamedTuple):
    """Tags of one skeleton, and for each the text that is read; parallel lists."""

    skeleton: str
    tags: Sequence[str]
    texts: Sequence[str]

    def only(self, positions: Sequence[int]) -> TagGroup:
        if len(positions) == len(self.tags):
            return self
        return TagGroup(
            self.skeleton,
            [self.tags[i] for i in positions],
            [self.texts[i] for i in positions],
        )

    def others(self, positions: Sequence[int]) -> list[str]:
        """The tags that `only` would leave out."""
        among = set(positions)
        return [tag for i, tag in enumerate(self.tags) if i not in among]

    def none(self) -> TagGroup:
        return TagGroup(self.skeleton, (), ())

    def with_more(self, other: TagGroup) -> TagGroup:
        """Both groups in one."""
        return TagGroup(self.skeleton, [*self.tags, *other.tags], [*self.texts, *other.texts])

    def column(self, span: Span) -> Iterator[str]:
        """What the texts have at one place."""
        return map(itemgetter(slice(*span)), self.texts)


@dataclass(frozen=True, slots=True)
class Place:
    """What a place holds, and how long its components with letters are."""

    held: Held
    lengths: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """How the tags of one list are read.

    `places` are those that have components of digits alone, by `_place_of`. `counts` is whether
    numbers that are a whole tag count builds: they do when one of them is 100 or more, and no
    dotted tag begins with one.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    counts: bool = False

    def layout_of(self, text: str) -> Layout | None:
        """How a text is read; None when nothing in it has an order."""
        return self.layout(self.skeleton_of(text))

    def layout(self, skeleton: str) -> Layout | None:
        return layout_of_skeleton(skeleton, self.counts)

    def skeleton_of(self, text: str) -> str:
        zeroed = text.translate(_ZEROS)
        if _UNCERTAIN.search(zeroed) is None:
            return zeroed
        group = TagGroup(mark_hashes(zeroed), (text,), (text,))
        (settled,) = _settle(_split_dates([group]), self.places)
        return settled.skeleton


ALONE = Reading()
"""How a tag is read that has no others around it."""


def read_layout(tag: str) -> Layout | None:
    """How a tag is read that has no others around it; None when nothing in it has an order."""
    return ALONE.layout_of(tag)


def rough_skeleton(text: str) -> str:
    """The skeleton of a text, or of texts on a line each, as far as each alone can tell."""
    return mark_hashes(text.translate(_ZEROS))


def zero_digits(text: str) -> str:
    return text.translate(_ZEROS)


def mark_hashes(zeroed: str) -> str:
    """A text whose digits are zeros, with tildes for the hashes that have letters."""
    return _LETTERED.sub(_tildes, zeroed)


def _tildes(found: re.Match[str]) -> str:
    return _TILDES[found.end() - found.start()]


def read_groups(groups: Sequence[TagGroup], current: str | None) -> tuple[Reading, list[TagGroup]]:
    """How the tags of a list are read, and the tags by their skeletons.

    The groups are by rough skeletons. `current` is the text of a tag that need not be in the list.
    """
    certain: list[TagGroup] = []
    uncertain: list[TagGroup] = []
    for group in groups:
        (certain if _UNCERTAIN.search(group.skeleton) is None else uncertain).append(group)
    if current is not None:
        uncertain.append(TagGroup(rough_skeleton(current), (), (current,)))
    uncertain = _split_dates(uncertain)
    places = _decide(uncertain, certain)
    settled = list(_settle(uncertain, places))
    reading = Reading(places, _counts([*certain, *settled]))
    return reading, [*certain, *_merge(group for group in settled if group.tags)]


def _merge(groups: Iterable[TagGroup]) -> list[TagGroup]:
    merged: dict[str, TagGroup] = {}
    for group in groups:
        other = merged.get(group.skeleton)
        merged[group.skeleton] = group if other is None else other.with_more(group)
    return list(merged.values())


def _split_dates(groups: Iterable[TagGroup]) -> list[TagGroup]:
    """The groups, with tildes for what is called a hash, and ones for components that are days."""
    out: list[TagGroup] = []
    for group in groups:
        skeleton, spans = _named_and_days(group.skeleton)
        if spans or skeleton != group.skeleton:
            out += _part_dates([_named(group, skeleton)], spans)
        else:
            out.append(group)
    return out


@functools.lru_cache(maxsize=_CACHED)
def _named_and_days(skeleton: str) -> tuple[str, tuple[Span, ...]]:
    """A skeleton with what is called a hash marked, and where it may have a day."""
    if _DIGITS.search(skeleton) is None and _NAMED.search(skeleton) is None:
        return skeleton, ()
    skeleton = _NAMED.sub(_name_hash, skeleton)
    found = (match.span() for match in _DIGITS.finditer(skeleton))
    return skeleton, tuple(span for span in found if span[1] - span[0] in DATE_LENGTHS)


def _named(group: TagGroup, skeleton: str) -> TagGroup:
    if skeleton == group.skeleton:
        return group
    return TagGroup(skeleton, group.tags, group.texts)


def _part_dates(groups: list[TagGroup], spans: Iterable[Span]) -> list[TagGroup]:
    for span in spans:
        groups = [part for group in groups for part in _parted(group, span)]
    return groups


def _name_hash(found: re.Match[str]) -> str:
    """Tildes for the digits, and for what is glued to them."""
    text = found[0]
    kept = len(text.rstrip("0"))
    if kept and text[kept - 1] not in "-_.+":
        return "~" * len(text)
    return text[:kept] + "~" * (len(text) - kept)


def _parted(group: TagGroup, span: Span) -> Iterator[TagGroup]:
    """The texts of a group that have a date at a place, marked, and those that have none."""
    start, end = span
    if "0" not in group.skeleton[start:end]:
        yield group
        return
    values = list(group.column(span))
    dates = {value for value in set(values) if is_date(value)}
    ones = group.skeleton[start:end].replace("0", "1")
    marked = f"{group.skeleton[:start]}{ones}{group.skeleton[end:]}"
    if not dates:
        yield group
    elif dates.issuperset(values):
        yield TagGroup(marked, group.tags, group.texts)
    else:
        for skeleton, wanted in ((marked, True), (group.skeleton, False)):
            kept = [i for i, value in enumerate(values) if (value in dates) is wanted]
            yield _named(group.only(kept), skeleton)


def _settle(groups: Iterable[TagGroup], places: Mapping[str, Place]) -> Iterator[TagGroup]:
    """The groups by their final skeletons."""
    for group in groups:
        skeleton, spans = _settled_alone(group.skeleton)
        if places:
            skeleton = _mark_held(group.skeleton, places)
            spans = _version_dates(skeleton)
        if spans or skeleton != group.skeleton:
            yield from _part_dates([_named(group, skeleton)], spans)
        else:
            yield group


@functools.lru_cache(maxsize=_CACHED)
def _settled_alone(skeleton: str) -> tuple[str, tuple[Span, ...]]:
    """The final skeleton where no place has digits alone, and where it may have a date."""
    marked = _mark_held(skeleton, {})
    return marked, _version_dates(marked)


@functools.lru_cache(maxsize=_CACHED)
def _version_dates(skeleton: str) -> tuple[Span, ...]:
    """Where the version of a skeleton may be a date that is not marked yet, the longest first."""
    start = version_start(skeleton)
    if start is None:
        return ()
    ends = date_ends(skeleton, start)
    return tuple((start, end) for end in ends if "0" in skeleton[start:end])


def _mark_held(skeleton: str, places: Mapping[str, Place]) -> str:
    marked = skeleton
    for component in _components(skeleton):
        start, end = component.span
        mark = _MARKS[_held(component, places)]
        if mark:
            marked = f"{marked[:start]}{mark * (end - start)}{marked[end:]}"
    return marked


_MARKS: Mapping[Held, str] = {"hash": "~", "unknown": "?", "number": ""}


@dataclass(frozen=True, slots=True)
class _Component:
    """What may be a hash: seven characters or more. `mark` is its character in the skeleton."""

    span: Span
    mark: str
    place: str
    dotted: bool

    @property
    def length(self) -> int:
        return self.span[1] - self.span[0]


@functools.lru_cache(maxsize=_CACHED)
def _components(skeleton: str) -> tuple[_Component, ...]:
    return tuple(
        _Component(
            found.span(),
            found[0][0],
            _place_of(skeleton, found.span()),
            _is_dotted(skeleton, found.span()),
        )
        for found in _COMPONENTS.finditer(skeleton)
    )


def _held(component: _Component, places: Mapping[str, Place]) -> Held:
    place = places.get(component.place)
    if component.mark == "1":
        is_hash = place is not None and place.held == "hash" and component.length in place.lengths
        return "hash" if is_hash else "number"
    if component.mark == "~":
        return "unknown" if place is not None and place.held == "unknown" else "hash"
    if place is not None:
        return place.held
    is_number = component.length > _LONGEST or component.dotted
    return "number" if is_number else "unknown"


def _place_of(skeleton: str, span: Span) -> str:
    """Names a place: what is around it, with all numbers and hashes alike."""
    start, end = span
    return f"{_RUN.sub('0', skeleton[:start])}?{_RUN.sub('0', skeleton[end:])}"


def _is_dotted(skeleton: str, span: Span) -> bool:
    """Whether a component is one of several numbers with dots between them."""
    start, end = span
    return skeleton[start - 2 : start] == "0." or skeleton[end : end + 2] == ".0"


_Seen = tuple[TagGroup, _Component]


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
        has_grown = self.short and not lettered and max(map(len, values)) == _SHORTEST
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


def _decide(groups: Sequence[TagGroup], certain: Sequence[TagGroup]) -> dict[str, Place]:
    """What the places hold that have components of digits alone, or Unix times.

    Of the `certain` groups only the shorter numbers count.
    """
    places: dict[str, _Evidence] = defaultdict(_Evidence)
    seen = [(group, one) for group in groups for one in _components(group.skeleton)]
    for group, component in seen:
        if component.mark == "1":
            places[component.place]  # a hash of ten digits looks like a time
        elif component.mark == "0" and component.length <= _LONGEST:
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


REMEMBERED = (_named_and_days, _settled_alone, _version_dates, _components)
"""What is kept of skeletons, for whoever measures without it."""
