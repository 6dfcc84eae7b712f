"""Tags by their skeletons, as far as each tag alone can tell: hashes with letters, and days.

A *skeleton* is a tag with a zero for every digit, a one for every digit of a date, a tilde for
every character of a hash, and a question mark for every character of what may be a hash or a
number. Tags of one skeleton are read in the same way, and a hundred thousand tags have a few
hundred skeletons.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from imagebot.version.dates import DATE_LENGTHS, is_date
from imagebot.version.words import HASHES

Span = tuple[int, int]

WHOLE = r"(?<![^-_.+\n])", r"(?![^-_.+\n])"
"""What is before and behind a whole component of a tag, or of tags on a line each."""
SHORTEST_HASH, LONGEST_HASH = 7, 40
CACHED = 8192
"""So many skeletons are remembered."""

_LENGTHS = f"{{{SHORTEST_HASH},{LONGEST_HASH}}}"
_ZEROS = str.maketrans("123456789", "000000000")
_NAMES = "|".join(sorted(HASHES))
# Components with a letter, hexadecimal; `git describe` puts a g before them.
_LETTERED = re.compile(rf"{WHOLE[0]}(?:g|{_NAMES})?(?=0*[a-f])[0a-f]{_LENGTHS}{WHOLE[1]}", re.ASCII)
_CAPITALS = re.compile(rf"{WHOLE[0]}(?=0*[A-F])[0A-F]{{7,40}}{WHOLE[1]}")
_DIGITS = re.compile(rf"{WHOLE[0]}0{_LENGTHS}{WHOLE[1]}")
_NAMED = re.compile(
    rf"{WHOLE[0]}(?:(?:{_NAMES})[-_.+]|(?:g|{_NAMES})(?=0))0{_LENGTHS}{WHOLE[1]}", re.IGNORECASE
)
_TILDES = tuple("~" * length for length in range(LONGEST_HASH + 10))


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

    def with_skeleton(self, skeleton: str) -> TagGroup:
        """The same tags, read by another skeleton."""
        if skeleton == self.skeleton:
            return self
        return TagGroup(skeleton, self.tags, self.texts)

    def with_more(self, other: TagGroup) -> TagGroup:
        """Both groups in one."""
        return TagGroup(self.skeleton, [*self.tags, *other.tags], [*self.texts, *other.texts])

    def column(self, span: Span) -> Iterator[str]:
        """What the texts have at one place."""
        return map(itemgetter(slice(*span)), self.texts)


def rough_skeleton(text: str) -> str:
    """The skeleton of a text, or of texts on a line each, as far as each alone can tell."""
    return mark_hashes(zero_digits(text))


def zero_digits(text: str) -> str:
    return text.translate(_ZEROS)


def mark_hashes(zeroed: str) -> str:
    """A text whose digits are zeros, with tildes for the hashes that have letters."""
    marked = _LETTERED.sub(_tildes, zeroed)
    return marked if marked.islower() else _CAPITALS.sub(_tildes, marked)


def _tildes(found: re.Match[str]) -> str:
    return _TILDES[found.end() - found.start()]


def split_days(groups: Iterable[TagGroup]) -> list[TagGroup]:
    """The groups, with tildes for what is called a hash, and ones for components that are days."""
    out: list[TagGroup] = []
    for group in groups:
        skeleton, spans = names_and_days(group.skeleton)
        if spans or skeleton != group.skeleton:
            out += part_dates([group.with_skeleton(skeleton)], spans)
        else:
            out.append(group)
    return out


@functools.lru_cache(maxsize=CACHED)
def names_and_days(skeleton: str) -> tuple[str, tuple[Span, ...]]:
    """A skeleton with what is called a hash marked, and where it may have a day."""
    if _DIGITS.search(skeleton) is None and _NAMED.search(skeleton) is None:
        return skeleton, ()
    skeleton = _NAMED.sub(_name_hash, skeleton)
    found = (match.span() for match in _DIGITS.finditer(skeleton))
    return skeleton, tuple(span for span in found if span[1] - span[0] in DATE_LENGTHS)


def part_dates(groups: list[TagGroup], spans: Iterable[Span]) -> list[TagGroup]:
    """The groups, with ones for what is a date at one of these places."""
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
        yield group.with_skeleton(marked)
    else:
        for skeleton, wanted in ((marked, True), (group.skeleton, False)):
            kept = [i for i, value in enumerate(values) if (value in dates) is wanted]
            yield group.only(kept).with_skeleton(skeleton)


def merge(groups: Iterable[TagGroup]) -> list[TagGroup]:
    """One group for each skeleton."""
    merged: dict[str, TagGroup] = {}
    for group in groups:
        other = merged.get(group.skeleton)
        merged[group.skeleton] = group if other is None else other.with_more(group)
    return list(merged.values())
