"""The natural syntax of a tag: prefix + numbers + suffix.

Where the numbers stand in a tag does not depend on their digits. So a tag is read by its
*skeleton*, the tag with every digit made a zero and every character of a hash a tilde: tags of
one skeleton have one `Layout`, with the same spans, and a hundred thousand tags have a few hundred
skeletons.

The suffix is a pre-release when its first word is one, otherwise a variant (`1.2.3-rc.1-alpine`
has both). The shape of a tag is its prefix, the number of its dot-parts, its variant with the
numbers taken out, and whether its numbers are a date.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

Span = tuple[int, int]
NumberKind = Literal["version", "date", "long"]

_ZEROS = str.maketrans("123456789", "000000000")
# A whole component: hexadecimal, 7 to 40 long, with a letter; `git describe` puts a g before it.
_HASH = re.compile(r"(?<![^-_.+\n])g?(?=0*[a-f])[0a-f]{7,40}(?![^-_.+\n])")
_LEADING = re.compile(r"[vV]?(0+(?:\.0+)*)")
_COMPONENT_START = re.compile(r"(?:[-_+]|(?<!0)\.)[vV]?(0+(?:\.0+)*)")
_ANYWHERE = re.compile(r"(0+(?:\.0+)*)")
_NUMBER = re.compile(r"0+")
_HASHES = re.compile(r"~+")
_MARKS = tuple("~" * length for length in range(42))

# How mature each word says a build is. Words of rank 0 name a stream of builds instead: a
# nightly is neither before nor after an alpha, so the policy never moves between streams.
STAGES: dict[str, int] = {
    "dev": 0, "snapshot": 0, "nightly": 0, "canary": 0, "edge": 0, "next": 0,
    "alpha": 1, "beta": 2, "m": 3, "milestone": 3, "pre": 4, "preview": 4, "rc": 5, "cr": 5,
}  # fmt: skip
_WORD = "|".join(sorted(STAGES, key=len, reverse=True))
_PRERELEASE = re.compile(
    rf"[-._+]?({_WORD})(?=0*(?:[-._+]|$))0*"
    rf"(?:[-._+](?:0+|~+|(?:{_WORD})0*)(?=[-._+]|$))*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a candidate must share with the current tag. Numbers in `variant` are `#`."""

    prefix: str
    parts: int
    variant: str
    kind: NumberKind

    def __str__(self) -> str:
        numbers = {"date": "date", "long": "number"}.get(self.kind) or ".".join("#" * self.parts)
        return f"{self.prefix}{numbers}{self.variant}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in every tag of one skeleton.

    `parts` are the version's numbers, `variant_numbers` those after it. `prefix` is None where it
    has digits, which differ from tag to tag; hashes in it and in `variant` are left out of the
    comparison. `stage` is the pre-release's word, "" for a release; `prerelease` its text.
    """

    prefix: str | None
    prefix_end: int
    hashes: tuple[Span, ...]
    parts: tuple[Span, ...]
    stage: str
    prerelease: Span
    prerelease_numbers: tuple[Span, ...]
    variant: str
    variant_start: int
    variant_numbers: tuple[Span, ...]
    may_be_date: bool

    def prefix_of(self, tag: str) -> str:
        if self.prefix is not None:
            return self.prefix
        return _blank(tag[: self.prefix_end], self.hashes)

    def kind_of(self, tag: str) -> NumberKind:
        if self.may_be_date and _is_date(tag, self):
            return "date"
        # An all-digit abbreviated hash has seven digits or more and no company.
        return "long" if self.is_alone and len(tag) >= 7 else "version"

    @property
    def is_alone(self) -> bool:
        """Whether the tag is one number and nothing else."""
        return self.parts == ((0, self.variant_start),) and not self.variant

    @property
    def has_kinds(self) -> bool:
        """Whether tags of this skeleton may be anything but versions."""
        return self.may_be_date or self.is_alone

    def shape_of(self, tag: str) -> Shape:
        return Shape(self.prefix_of(tag), len(self.parts), self.variant, self.kind_of(tag))

    def numbers_of(self, tag: str) -> tuple[int, ...]:
        return tuple([int(tag[start:end]) for start, end in self.parts])

    def variant_numbers_of(self, tag: str) -> tuple[int, ...]:
        return tuple([int(tag[start:end]) for start, end in self.variant_numbers])

    def prerelease_of(self, tag: str) -> str:
        """Its text without the separator before it, "" for a release."""
        start, end = self.prerelease
        return tag[start:end].lstrip("-._+")

    def stage_key(self, tag: str) -> tuple[int, ...]:
        """How far a pre-release is: its stage, then its numbers."""
        numbers = [int(tag[start:end]) for start, end in self.prerelease_numbers]
        return (STAGES[self.stage], *numbers)

    @property
    def is_stream(self) -> bool:
        """Whether the pre-release's word names a stream of builds instead of a stage."""
        return self.stage != "" and STAGES[self.stage] == 0


def skeleton_of(text: str) -> str:
    """The skeleton of a tag, or of tags on a line each."""
    return mark_hashes(zero_digits(text))


def zero_digits(text: str) -> str:
    return text.translate(_ZEROS)


def mark_hashes(skeleton: str) -> str:
    """A text whose digits are zeros, on any number of lines, with its hashes made tildes."""
    return _HASH.sub(lambda found: _MARKS[found.end() - found.start()], skeleton)


def read_layout(tag: str) -> Layout | None:
    """The natural syntax of a tag; None when it has no numbers in order, as a hash has none."""
    return layout_of_skeleton(skeleton_of(tag))


def is_hash(tag: str) -> bool:
    """Whether a tag is nothing but a Git hash: hexadecimal, 7 to 40 long, with a letter."""
    return _HASHES.fullmatch(skeleton_of(tag)) is not None


@functools.lru_cache(maxsize=8192)
def layout_of_skeleton(skeleton: str) -> Layout | None:
    found = (
        _LEADING.match(skeleton) or _COMPONENT_START.search(skeleton) or _ANYWHERE.search(skeleton)
    )
    if found is None:
        return None
    start, end = found.span(1)
    pre = _PRERELEASE.match(skeleton, end)
    pre_end = pre.end() if pre else end
    hashes = _hash_spans(skeleton)
    prefix = _blank(skeleton[:start], hashes)
    return Layout(
        prefix=None if "0" in prefix else prefix,
        prefix_end=start,
        hashes=hashes,
        parts=_spans(skeleton, start, end),
        stage=pre[1].lower() if pre else "",
        prerelease=(end, pre_end),
        prerelease_numbers=_spans(skeleton, end, pre_end),
        variant=_outline(skeleton[pre_end:]),
        variant_start=pre_end,
        variant_numbers=_spans(skeleton, pre_end, len(skeleton)),
        may_be_date=_may_be_date(skeleton, start, end),
    )


def outline(text: str) -> str:
    """A text with `<hash>` for its hashes and `#` for its other numbers."""
    return _outline(skeleton_of(text))


def numbers_from(text: str, start: int) -> tuple[int, ...]:
    """The numbers of a text from a place on, those in hashes left out."""
    return tuple(int(text[a:b]) for a, b in _spans(skeleton_of(text), start, len(text)))


def _outline(skeleton: str) -> str:
    return _NUMBER.sub("#", _HASHES.sub("<hash>", skeleton))


def _hash_spans(skeleton: str) -> tuple[Span, ...]:
    return tuple(found.span() for found in _HASHES.finditer(skeleton))


def _blank(text: str, hashes: tuple[Span, ...]) -> str:
    """A beginning of a tag with `<hash>` for each hash in it."""
    for start, end in reversed(hashes):
        if end <= len(text):
            text = f"{text[:start]}<hash>{text[end:]}"
    return text


def _spans(text: str, start: int, end: int) -> tuple[Span, ...]:
    return tuple(found.span() for found in _NUMBER.finditer(text, start, end))


def _may_be_date(skeleton: str, start: int, end: int) -> bool:
    digits = len(skeleton[start:end].split(".", 1)[0])
    if digits == 4:
        return "." in skeleton[start:end] or skeleton[end : end + 3] in ("-00", "_00")
    return digits in (8, 10, 12, 13, 14)


def _is_date(tag: str, layout: Layout) -> bool:
    start, end = layout.parts[0]
    first = tag[start:end]
    if len(first) == 4:
        in_dots = len(layout.parts) > 1
        return "1990" <= first <= "2099" and (in_dots or "01" <= tag[end + 1 : end + 3] <= "12")
    if len(first) in (10, 13) and "1000000000" <= first[:10] <= "4100000000":
        return True  # seconds or milliseconds since 1970
    month, day = first[4:6], first[6:8]
    return "1990" <= first[:4] <= "2099" and "01" <= month <= "12" and "01" <= day <= "31"
