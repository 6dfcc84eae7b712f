"""Whether any tag can match an expression: the shortest one that does is looked for.

A tag is 1 to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import and_
from typing import TypeAlias

from imagebot.config.static.automaton import Automaton, EdgeKind, automaton_of
from imagebot.config.static.characters import Ranges, holds
from imagebot.config.static.coverage import has_all
from imagebot.config.static.expression import (
    ANYTHING,
    NOTHING,
    Chars,
    Choice,
    Edge,
    Group,
    Node,
    Repeat,
    Series,
    UndecidedError,
    group_of,
    parse,
    parts_of,
)
from imagebot.glob import re2_options
from imagebot.values import dataclass

LONGEST = 128
_WORD = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CHARS = _WORD + "-."
_IN_WORD = (1 << len(_WORD)) - 1
_OTHERS = ((1 << len(_CHARS)) - 1) ^ _IN_WORD
_MAX_PLACES = 100_000

# What may come next: the end, a character of a word, another one.
_END, _NEXT_WORD, _NEXT_OTHER = 1, 2, 4
_ALL = _END | _NEXT_WORD | _NEXT_OTHER

_Place: TypeAlias = tuple[tuple[int, ...], str, int]
"""The state of each automaton; the kind of the last character, "" before the first; what may come
next."""


def find_tag(*nodes: Node, as_part: bool = False) -> str | None:
    """The shortest tag that every tree matches as a whole, None when there is none.

    `as_part` also allows what can only be a part of a tag, which may be empty and may begin with
    any character. Raises UndecidedError.
    """
    return _Search([automaton_of(node) for node in nodes], as_part).run()


def anywhere(node: Node) -> Node:
    """What holds a match of the tree anywhere."""
    return Series((ANYTHING, node, ANYTHING))


def matches_no_tag(*expressions: str) -> bool:
    """Whether it is certain that in no tag all of these RE2 expressions are found."""
    try:
        if len(expressions) > 1:
            examples = [tag for each in expressions if (tag := _example(each)) is not None]
            if any(all(_is_in(each, tag) for each in expressions) for tag in examples):
                return False
        return _example(*expressions) is None
    except UndecidedError:
        return False


@functools.lru_cache(maxsize=1024)
def _example(*expressions: str) -> str | None:
    """The shortest tag in which all expressions are found. Raises UndecidedError."""
    return find_tag(*(anywhere(parse(each)) for each in expressions))


def _is_in(expression: str, tag: str) -> bool:
    import re2

    return re2.compile(expression, options=re2_options()).search(tag) is not None


def is_no_variant(expression: str) -> bool:
    """Whether it is certain that an RE2 expression matches no variant as a whole.

    What separates a variant from the version before it is not part of it.
    """
    try:
        return find_tag(parse(expression), _VARIANT, as_part=True) is None
    except UndecidedError:
        return False


_VARIANT = parse("(?:[^-._+].*)?")


def leaves_no_tag(selected: str, excluded: Sequence[str]) -> bool:
    """Whether it is certain that each tag in which one RE2 expression is found has one of others
    in it too."""
    try:
        tag = _example(selected)
        if tag is not None and not any(_is_in(each, tag) for each in excluded):
            return False
        others = [anywhere(parse(each)) for each in excluded]
        return has_all(Choice((*others, _NOT_A_TAG)), anywhere(parse(selected)))
    except UndecidedError:
        return False


_NOT_A_TAG = parse("(?s)(?:[^0-9A-Z_a-z].*)?|.*[^-.0-9A-Z_a-z].*")


def reads_nothing_like(pattern: str, pieces: tuple[int | str, ...], wanted: str) -> bool:
    """Whether it is certain that what is read of a tag never matches the expression `wanted`.

    `pieces` are the numbers of the groups of `pattern`, and the texts between them; without any,
    the whole tag is read.
    """
    try:
        whole = parse(pattern)
        if not pieces:
            return find_tag(anywhere(whole), parse(wanted)) is None
        parts = [_extracted(whole, piece) for piece in pieces]
        return find_tag(Series(tuple(parts)), parse(wanted), as_part=True) is None
    except UndecidedError:
        return False


def group_holds_no_tag(pattern: str, name: str) -> bool:
    """Whether it is certain that a group of a pattern, if there is one, never holds a tag.

    It may hold nothing, or take no part in a match: then the image has no tag.
    """
    try:
        group = next((each for each in _sure_groups(parse(pattern)) if each.name == name), None)
        if group is None:
            return False
        held = _without_edges(group)
        is_never_empty = find_tag(held, NOTHING, as_part=True) is None
        return is_never_empty and find_tag(held) is None
    except UndecidedError:
        return False


def _sure_groups(node: Node) -> Iterator[Group]:
    """The groups that take part in every match."""
    if isinstance(node, Group):
        yield node
    if isinstance(node, Choice) or (isinstance(node, Repeat) and not node.least):
        return
    for part in parts_of(node):
        yield from _sure_groups(part)


def foreign_character(expression: str) -> str:
    """The first character of an expression that no tag has, "" if it names none."""
    try:
        found = _foreign(parse(expression))
    except UndecidedError:
        return ""
    return next(found, "")


def _foreign(node: Node) -> Iterator[str]:
    if isinstance(node, Chars):
        ((first, last), *others) = node.ranges or ((0, 1),)
        if first == last and not others and chr(first) not in _CHARS:
            yield chr(first)
    for part in parts_of(node):
        yield from _foreign(part)


def _extracted(whole: Node, piece: int | str) -> Node:
    if isinstance(piece, str):
        return Series(tuple(Chars(((ord(char), ord(char)),)) for char in piece))
    node = group_of(whole, piece)
    if node is None:
        raise UndecidedError
    return _without_edges(node)


def _without_edges(node: Node) -> Node:
    """A group's text has other text around it, which edges are about too."""
    if isinstance(node, Edge):
        return NOTHING
    if isinstance(node, Series):
        return Series(tuple(_without_edges(part) for part in node.parts))
    if isinstance(node, Choice):
        return Choice(tuple(_without_edges(option) for option in node.options))
    return node if isinstance(node, Chars) else replace(node, part=_without_edges(node.part))


@dataclass(slots=True)
class _Search:
    """A search by length, so that what is found first is the shortest."""

    automata: list[Automaton]
    as_part: bool

    def run(self) -> str | None:
        masks = [
            [[(_mask(ranges), target) for ranges, target in moves] for moves in each.moves]
            for each in self.automata
        ]
        first: _Place = (tuple(each.start for each in self.automata), "", _ALL)
        texts: dict[_Place, str] = {first: ""}
        level = [first]
        for _ in range(LONGEST + 1):
            level = self.with_jumps(level, texts)
            found = next((place for place in level if self.is_end(place)), None)
            if found is not None:
                return texts[found]
            level = [
                after
                for place in level
                for after, char in self.moved(place, masks)
                if texts.setdefault(after, texts[place] + char) == texts[place] + char
            ]
            level = list(dict.fromkeys(level))
        return None

    def is_end(self, place: _Place) -> bool:
        states, last, allowed = place
        ends = all(state == each.end for state, each in zip(states, self.automata, strict=True))
        return ends and bool(allowed & _END) and (last != "" or self.as_part)

    def with_jumps(self, level: list[_Place], texts: dict[_Place, str]) -> list[_Place]:
        found = list(level)
        for place in found:
            states, last, allowed = place
            for number, automaton in enumerate(self.automata):
                for kind, target in automaton.jumps[states[number]]:
                    may = allowed & _after(kind, last)
                    after = ((*states[:number], target, *states[number + 1 :]), last, may)
                    if may and after not in texts:
                        texts[after] = texts[place]
                        found.append(after)
            if len(texts) > _MAX_PLACES:
                raise UndecidedError
        return found

    def moved(
        self, place: _Place, masks: list[list[list[tuple[int, int]]]]
    ) -> Iterator[tuple[_Place, str]]:
        """The places after one more character, and that character."""
        states, last, allowed = place
        may = (_IN_WORD if allowed & _NEXT_WORD else 0) | (_OTHERS if allowed & _NEXT_OTHER else 0)
        if not last and not self.as_part:
            may &= _IN_WORD
        moves = [each[state] for each, state in zip(masks, states, strict=True)]
        for chosen in product(*moves):
            both = reduce(and_, (mask for mask, _ in chosen), may)
            after = tuple(target for _, target in chosen)
            for kind, part in (("word", both & _IN_WORD), ("other", both & _OTHERS)):
                if part:
                    yield (after, kind, _ALL), _CHARS[(part & -part).bit_length() - 1]


def _after(kind: EdgeKind | None, last: str) -> int:
    """What may come next at an edge after such a character."""
    if kind is None:
        return _ALL
    if kind == "start":
        return 0 if last else _ALL
    if kind == "end":
        return _END
    turns = kind == "word"
    return _NEXT_WORD if (last == "word") != turns else _END | _NEXT_OTHER


def _mask(ranges: Ranges) -> int:
    return sum(1 << bit for bit, char in enumerate(_CHARS) if holds(ranges, ord(char)))
