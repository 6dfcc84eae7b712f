"""What the numbers in a variant are: an operating system's, a runtime's, a build's, or fixed.

`8.2.1-fpm-alpine3.19-r4` has a number of an operating system and one of a revision.
"""

from __future__ import annotations

import re
from typing import Literal

from imagebot.values import dataclass
from imagebot.version.skeletons import Span
from imagebot.version.words import COUNTERS, FIXED, IDENTITIES, REVISIONS, RUNTIMES, SYSTEMS

IngredientKind = Literal["system", "runtime", "revision", "fixed"]
"""`fixed` numbers are part of a name: amd64, k3s, a ticket."""

_TOKEN = re.compile(
    rf"(?P<fixed>(?<![A-Za-z0])(?:{'|'.join(FIXED)})(?:(?<=[a-z])|(?!0)))"
    r"|(?P<word>[A-Za-z]+)|(?P<number>[01]+(?:\.[01]+)*)|(?P<hidden>~+|\?+)",
)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """`name` is its word, "" for a number without one; `span` is where word and number stand."""

    kind: IngredientKind
    name: str
    span: Span
    numbers: tuple[Span, ...]

    def text_of(self, tag: str) -> str:
        return tag[slice(*self.span)]

    def numbers_of(self, tag: str) -> tuple[int, ...]:
        return tuple([int(tag[start:end]) for start, end in self.numbers])

    @property
    def is_platform(self) -> bool:
        """Whether it says what a version runs on or is made with."""
        return self.kind in ("system", "runtime")


def read_ingredients(skeleton: str, start: int) -> tuple[Ingredient, ...]:
    """What the numbers from a place of a skeleton on are, in their order."""
    tokens = list(_TOKEN.finditer(skeleton, start))
    found: list[Ingredient] = []
    for position, token in enumerate(tokens):
        if token.lastgroup == "fixed":
            found.append(_fixed(token))
        elif token.lastgroup == "number":
            before, after = tokens[:position], tokens[position + 1 :]
            found.append(_number(skeleton, start, before, token, after))
    return tuple(found)


def _fixed(token: re.Match[str]) -> Ingredient:
    numbers = tuple(
        (token.start() + found.start(), token.start() + found.end())
        for found in re.finditer("0+", token[0])
    )
    return Ingredient("fixed", token[0], token.span(), numbers)


def _number(
    skeleton: str,
    start: int,
    before: list[re.Match[str]],
    token: re.Match[str],
    after: list[re.Match[str]],
) -> Ingredient:
    numbers = tuple(
        (token.start() + found.start(), token.start() + found.end())
        for found in re.finditer("[01]+", token[0])
    )
    word, begin, is_named = "", token.start(), False
    if before and before[-1].lastgroup in ("word", "fixed"):
        word, begin = before[-1][0], before[-1].start()
        is_named = before[-1].lastgroup == "fixed" or _counts(word)
        if word in ("v", "V"):
            is_named = _is_spelled_v(start, before, after)
    whole = "." not in token[0]
    if is_named and token[0][0] != "1":
        kind: IngredientKind = "revision" if whole else "runtime"
    else:
        kind = _kind(skeleton, start, word, token, after)
    return Ingredient(kind, word, (begin, token.end()), numbers)


def _counts(word: str) -> bool:
    name = word.lower()
    return name in COUNTERS or word in REVISIONS or name in REVISIONS


def _is_spelled_v(start: int, before: list[re.Match[str]], after: list[re.Match[str]]) -> bool:
    """Whether a `v` is no name, but how a revision is written: 7.2.0-v6, 20-build.v5."""
    if len(before) > 1:
        return before[-2].lastgroup == "word" and _counts(before[-2][0])
    return before[0].start() == start + 1 and not after


def _kind(
    skeleton: str, start: int, word: str, token: re.Match[str], after: list[re.Match[str]]
) -> IngredientKind:
    name = word.lower()
    whole = "." not in token[0]
    if token[0][0] == "1":
        return "revision"  # a date
    if name in IDENTITIES:
        return "fixed"
    if name in SYSTEMS:
        return "system"
    if word and name not in RUNTIMES and _is_ticket(skeleton, word, token):
        return "fixed"
    if word:
        return "runtime"
    # 15-3.4 is something else's version, 8.5-200.1652296 the build of one.
    counts = whole or (token.start() == start + 1 and "." in skeleton[:start])
    return "revision" if counts and _is_build(skeleton, start, token, after) else "runtime"


def _is_ticket(skeleton: str, word: str, token: re.Match[str]) -> bool:
    """Whether a number is a ticket's, as in ABC-123."""
    return len(word) > 1 and word.isupper() and skeleton[token.start() - 1] == "-"


def _is_build(skeleton: str, start: int, token: re.Match[str], after: list[re.Match[str]]) -> bool:
    """Whether a number without a word counts builds: at the end, or right behind the version.

    Behind it only after `_`, `+` or `.`, or before a dot: `11.0.21_9-jre`, `1.2.3-4.el9`. In
    `4.0.13-24-trixie` it is a version of something that has no name.
    """
    if all(each.lastgroup in ("fixed", "hidden") for each in after):
        return True
    if token.start() != start + 1:
        return False
    return skeleton[start] in "_+" or skeleton[token.end() : token.end() + 1] == "."
