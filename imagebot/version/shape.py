"""The natural syntax of a tag: prefix + version + suffix.

Where the numbers stand in a tag does not depend on their digits. So a tag is read by its skeleton
(see `imagebot.version.skeletons`): tags of one skeleton have one `Layout`, with the same spans.

The suffix is a pre-release when its first word is one, otherwise a variant (`1.2.3-rc.1-alpine`
has both). The shape of a tag is its prefix, how its version is written, its variant with the
numbers taken out, and what kind of number its version is.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from imagebot.values import dataclass
from imagebot.version.ingredients import Ingredient, read_ingredients
from imagebot.version.skeletons import Span
from imagebot.version.words import (
    ARCHITECTURES,
    COUNTERS,
    IDENTITIES,
    MOVING,
    REVISIONS,
    RUNTIMES,
    STAGES,
    SYSTEMS,
)

NumberKind = Literal["version", "date", "counter", "identity"]

_LEADING = re.compile(r"[vV]?([01]+(?:\.[01]+)*)")
_COMPONENT_START = re.compile(r"(?:[-_+]|(?<![01])\.)[vV]?([01]+(?:\.[01]+)*)")
_DOTTED = re.compile(r"[-_+][vV]?([01]+(?:\.[01]+)+)")
_ANYWHERE = re.compile(r"([01]+(?:\.[01]+)*)")
_DATE = re.compile(r"1+(?:[-_.]?[wW]1+|(?:[-_.:]1+)*(?:T1+(?:[-_.:]?1+)*Z?)?)")
_NUMBER = re.compile(r"[01]+")
_HIDDEN = re.compile(r"~+|\?+")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)[-_.+]?$")
_TICKET = re.compile(r"(?:^|[-_.+])[A-Z][A-Z0]+-$")
_BESIDE_HASH = re.compile(r"[-_.+]?[~?](?:[-_.+]?[~?])*[-_.+]$")

_ARCHITECTURE = re.compile(rf"(?<![^-_.+])(?:{'|'.join(ARCHITECTURES)})(?![^-_.+])", re.IGNORECASE)
_BESIDE_ARCHITECTURE = re.compile(
    rf"(?<=[a-zA-Z])[-_.+](?:{'|'.join(ARCHITECTURES)})[-_.+]$", re.IGNORECASE
)
_MOVING = re.compile(rf"(?:{'|'.join(sorted(MOVING))})(?:[-_.+][A-Za-z]+)+[-_.+]?", re.IGNORECASE)

_FULL = 3
"""So many numbers are a full version, whatever word is before them."""

_STAGE_WORDS = "|".join(sorted(STAGES, key=len, reverse=True))
_PRERELEASE = re.compile(
    rf"[-._+]?({_STAGE_WORDS})(?=[01]*(?:[-._+]|$))[01]*"
    rf"(?:[-._+](?:[01]+|~+|\?+|(?:{_STAGE_WORDS})[01]*)(?=[-._+]|$))*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a candidate must share with the current tag. Numbers in `core` and `variant` are `#`.

    `of_platform` is whether the version is only that of a platform, as in `php8.2-apache`: its one
    or two numbers are its major version.
    """

    prefix: str
    core: str
    variant: str
    kind: NumberKind
    of_platform: bool = False

    @property
    def parts(self) -> int:
        return self.core.count("#")

    def __str__(self) -> str:
        return f"{self.prefix}{'date' if self.kind == 'date' else self.core}{self.variant}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in every tag of one skeleton.

    `parts` are the version's numbers, `variant_numbers` those after it, and `ingredients` say what
    each of these is. `prefix` is None where it has digits, which differ from tag to tag; hashes in
    it and in `variant` are left out of the comparison. `hidden` are hashes and what may be one,
    `unknown` the latter alone. `stage` is the pre-release's word, "" for a release; `prerelease`
    its text.
    """

    prefix: str | None
    prefix_end: int
    hidden: tuple[Span, ...]
    unknown: tuple[Span, ...]
    core: str
    kind: NumberKind
    of_platform: bool
    parts: tuple[Span, ...]
    stage: str
    prerelease: Span
    prerelease_numbers: tuple[Span, ...]
    variant: str
    variant_start: int
    variant_numbers: tuple[Span, ...]
    ingredients: tuple[Ingredient, ...]

    def prefix_of(self, tag: str) -> str:
        if self.prefix is not None:
            return self.prefix
        return _blank(tag[: self.prefix_end], self.hidden)

    def shape_of(self, tag: str) -> Shape:
        return Shape(self.prefix_of(tag), self.core, self.variant, self.kind, self.of_platform)

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

    def hidden_of(self, tag: str) -> tuple[str, ...]:
        """The hashes of a tag, and what may be one: nothing orders tags that differ there."""
        return tuple([tag[start:end] for start, end in self.hidden])

    def prerelease_before(self, tag: str, other: Layout) -> tuple[int, ...] | None:
        """The numbers before the place where only one of two pre-releases has a hash.

        Nothing orders a hash and a number. None where both have the same in every place.
        """
        ours, theirs = self._prerelease_places, other._prerelease_places
        differ = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
        if not differ:
            return None
        numbers = ours[: differ[0]].count(True)
        return (*self.numbers_of(tag), *self.stage_key(tag)[: 1 + numbers])

    @property
    def _prerelease_places(self) -> list[bool]:
        """For each number and hash of the pre-release whether it is a number."""
        start, end = self.prerelease
        hidden = {span for span in self.hidden if start <= span[0] < end}
        return [span not in hidden for span in sorted({*self.prerelease_numbers, *hidden})]

    @property
    def is_stream(self) -> bool:
        """Whether the pre-release's word names a stream of builds instead of a stage."""
        return self.stage != "" and STAGES[self.stage] == 0


def version_start(skeleton: str) -> int | None:
    """Where the first number of the version stands."""
    found = _version(skeleton)
    return found.start(1) if found else None


def _version(skeleton: str) -> re.Match[str] | None:
    leading = _LEADING.match(skeleton)
    if leading is not None:
        return leading
    worded = _ARCHITECTURE.sub(_blank_out, skeleton)
    found = _COMPONENT_START.search(worded) or _ANYWHERE.search(worded)
    if found is None:
        return None
    if _is_of_platform_alone(worded[: found.start(1)]):
        return _DOTTED.search(worded, found.end())
    if _kind(skeleton, found.span(1), counts=False) == "identity":
        # customer-7-1.2.3 is a version of one of them.
        return _DOTTED.search(worded, found.end()) or found
    return found


def _blank_out(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def _is_of_platform_alone(before: str) -> bool:
    """Whether a number is that of a platform under something that has no version itself.

    A branch, as in latest-alpine3.20, or a commit, as in sha-4f2a9c1-cuda12.
    """
    if not _is_platform(before):
        return False
    return _HIDDEN.search(before) is not None or _MOVING.fullmatch(before) is not None


def _is_platform(before: str) -> bool:
    """Whether the word before a number is that of a runtime or an operating system."""
    word = _word_before(before)
    return word in SYSTEMS or word in RUNTIMES


@functools.lru_cache(maxsize=8192)
def layout_of_skeleton(skeleton: str, counts: bool = False) -> Layout | None:
    """`counts` is whether a number that is a whole tag counts builds."""
    found = _version(skeleton)
    if found is None:
        return None
    start, end = found.span(1)
    dated = _DATE.match(skeleton, start)
    if dated is not None:
        end = dated.end()
    pre = _PRERELEASE.match(skeleton, end)
    pre_end = pre.end() if pre else end
    hidden = _hidden_spans(skeleton)
    prefix = _blank(skeleton[:start], hidden)
    parts = number_spans(skeleton, start, end)
    kind: NumberKind = "date" if dated else _kind(skeleton, (start, end), counts)
    return Layout(
        prefix=None if _NUMBER.search(prefix) else prefix,
        prefix_end=start,
        hidden=hidden,
        unknown=tuple(span for span in hidden if skeleton[span[0]] == "?"),
        core=_outline(skeleton[start:end]),
        kind=kind,
        of_platform=kind == "version" and len(parts) < _FULL and _is_platform(skeleton[:start]),
        parts=parts,
        stage=pre[1].lower() if pre else "",
        prerelease=(end, pre_end),
        prerelease_numbers=number_spans(skeleton, end, pre_end),
        variant=_outline(skeleton[pre_end:]),
        variant_start=pre_end,
        variant_numbers=number_spans(skeleton, pre_end, len(skeleton)),
        ingredients=read_ingredients(skeleton, pre_end),
    )


def _kind(skeleton: str, span: Span, counts: bool) -> NumberKind:
    """What a number is, by the word before it and by what comes after it.

    The rules are those of docs/policies.md, "Versions, counters and identities".
    """
    start, end = span
    before = _BESIDE_HASH.sub("", skeleton[:start])
    before = _BESIDE_ARCHITECTURE.sub("", before)
    word = _word_before(before)
    is_dotted = "." in skeleton[start:end]
    if word in IDENTITIES and not (is_dotted and word in REVISIONS):
        return "identity"
    if is_dotted:
        return "version"
    if word in COUNTERS:
        return "counter"
    if _TICKET.search(before):
        return "identity"
    if skeleton[end + 1 : end + 2] in ("~", "?"):
        return "counter"
    if not before and start:
        return "identity"  # behind a hash alone
    if before in ("", "v", "V"):
        return "counter" if counts and not before and end == len(skeleton) else "version"
    if word in ("", "v") or word in RUNTIMES or word in SYSTEMS:
        return "version"
    return "identity"


def _word_before(text: str) -> str:
    """The word that a number stands behind, in small letters."""
    found = _WORD_BEFORE.search(text)
    return found[1].lower() if found else ""


def _outline(skeleton: str) -> str:
    return _NUMBER.sub("#", _HIDDEN.sub("<hash>", skeleton))


def outline_of_skeleton(skeleton: str) -> str:
    """A skeleton with `<hash>` for its hashes and `#` for its numbers."""
    return _outline(skeleton)


def _hidden_spans(skeleton: str) -> tuple[Span, ...]:
    return tuple(found.span() for found in _HIDDEN.finditer(skeleton))


def _blank(text: str, hidden: tuple[Span, ...]) -> str:
    """A beginning of a tag with `<hash>` for each hash in it."""
    for start, end in reversed(hidden):
        if end <= len(text):
            text = f"{text[:start]}<hash>{text[end:]}"
    return text


def number_spans(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Where the numbers of a part of a skeleton stand."""
    return tuple(found.span() for found in _NUMBER.finditer(text, start, end))
