"""Whether globs and expressions match everything, or anything, that others match."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

from imagebot.config.static.automaton import Automaton, EdgeKind, automaton_of
from imagebot.config.static.characters import holds
from imagebot.config.static.expression import (
    Chars,
    Choice,
    Node,
    Repeat,
    Series,
    UndecidedError,
    parse,
    parts_of,
)
from imagebot.glob import compile_glob, glob_expression, matches_any

_SPECIAL = frozenset("*?[{")
# What two automata may cost: states looked at, all together about a tenth of a second.
_MOST_STEPS = 100_000
_MOST_SAMPLES = 16
_MANY = 30
# A character that no glob names, for what stands for any.
_UNUSUAL = 0xE000


def covers(globs: Sequence[str], glob: str) -> bool:
    """Whether every name that `glob` matches is matched by one of `globs`.

    The globs must be valid. False where that would take too long to find out.
    """
    if glob in globs or "**" in globs:
        return True
    samples = _samples(glob)
    if not all(matches_any(tuple(globs), name) for name in samples):
        return False
    if not _SPECIAL.intersection(glob):
        return True
    likely = [each for each in globs if any(map(compile_glob(each), samples))]
    if _covers_exactly(likely, glob):
        return True
    return len(likely) < len(globs) <= _MANY and _covers_exactly(globs, glob)


def _covers_exactly(globs: Sequence[str], glob: str) -> bool:
    try:
        return _is_within(_automaton((glob,)), _automaton(tuple(globs)))
    except UndecidedError:
        return False


def has_all(outer: Node, inner: Node) -> bool:
    """Whether it is certain that one tree matches all that another one matches, as a whole."""
    try:
        return _is_within(automaton_of(inner), automaton_of(outer))
    except UndecidedError:
        return False


def have_nothing_in_common(one: Node, other: Node) -> bool:
    """Whether it is certain that no text matches both trees as a whole."""
    try:
        return not any(map(all, _ends(automaton_of(one), automaton_of(other))))
    except UndecidedError:
        return False


def are_disjoint(glob: str, others: Sequence[str]) -> bool:
    """Whether it is certain that no name is matched by `glob` and by one of `others`."""
    if not others:
        return True
    if any(matches_any(tuple(others), name) for name in _samples(glob)):
        return False
    try:
        return not any(map(all, _ends(_automaton((glob,)), _automaton(tuple(others)))))
    except UndecidedError:
        return False


@functools.lru_cache(maxsize=256)
def _automaton(globs: tuple[str, ...]) -> Automaton:
    return automaton_of(Choice(tuple(parse(glob_expression(glob)) for glob in globs)))


@functools.lru_cache(maxsize=1024)
def _samples(glob: str) -> tuple[str, ...]:
    """Some names that a glob matches: most globs that do not cover it miss one."""
    if not _SPECIAL.intersection(glob):
        return (glob,)
    try:
        return tuple(_spelt(parse(glob_expression(glob)))[:_MOST_SAMPLES])
    except UndecidedError:
        return ("",)


def _spelt(node: Node) -> list[str]:
    """Texts that a tree matches, with as much of what it repeats as makes a difference."""
    if isinstance(node, Chars):
        if not node.ranges:
            raise UndecidedError
        point = _UNUSUAL if holds(node.ranges, _UNUSUAL) else node.ranges[0][0]
        return [chr(point)]
    if isinstance(node, Choice):
        return [text for option in node.options for text in _spelt(option)][:_MOST_SAMPLES]
    if isinstance(node, Repeat):
        once = _spelt(node.part)
        return [*once, "".join(once[:1]) * node.least]
    parts = [_spelt(part) for part in parts_of(node)] if isinstance(node, Series) else []
    most = max(map(len, parts), default=1)
    return ["".join(part[number % len(part)] for part in parts) for number in range(most)]


def _is_within(inner: Automaton, outer: Automaton) -> bool:
    return not any(here and not there for here, there in _ends(inner, outer))


def _ends(first: Automaton, second: Automaton) -> Iterator[tuple[bool, bool]]:
    """Goes through both together: of every text that `first` can begin with, whether it can end
    there, and whether `second` can."""
    points = _points(first, second)
    one, other = _Walk(first), _Walk(second)
    start = (one.start(), other.start())
    seen = {start}
    waiting = [start]
    steps = 0
    while waiting:
        here, there = waiting.pop()
        yield one.ends(here), other.ends(there)
        for point in points:
            stepped = one.step(here, point)
            if not stepped:
                continue
            pair = (stepped, other.step(there, point))
            steps += len(here) + len(there)
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
        if steps > _MOST_STEPS:
            raise UndecidedError


def _points(*automata: Automaton) -> list[int]:
    """One character of each kind: every other is treated as one of these by every move."""
    points = {0}
    for automaton in automata:
        for ranges in _ranges(automaton):
            points.update(first for first, _ in ranges)
            points.update(last + 1 for _, last in ranges)
    return sorted(points)


def _ranges(automaton: Automaton) -> Iterator[tuple[tuple[int, int], ...]]:
    for moves in automaton.moves:
        yield from (ranges for ranges, _ in moves)


class _Walk:
    """The ways through an automaton; each step of a state is found once."""

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.found: dict[tuple[int, int], frozenset[int]] = {}

    def start(self) -> frozenset[int]:
        return self.reached([self.automaton.start], "start")

    def ends(self, states: Iterable[int]) -> bool:
        return self.automaton.end in self.reached(states, "end")

    def step(self, states: frozenset[int], point: int) -> frozenset[int]:
        return frozenset().union(*(self.step_of(state, point) for state in states))

    def step_of(self, state: int, point: int) -> frozenset[int]:
        known = self.found.get((state, point))
        if known is None:
            moves = self.automaton.moves[state]
            known = self.reached(target for ranges, target in moves if holds(ranges, point))
            self.found[state, point] = known
        return known

    def reached(self, states: Iterable[int], at: EdgeKind | None = None) -> frozenset[int]:
        """The states and those that jumps lead to, `at` an end of the text or within it.

        Raises UndecidedError for the edges of words.
        """
        found = set(states)
        waiting = list(found)
        while waiting:
            for edge, target in self.automaton.jumps[waiting.pop()]:
                if edge in ("word", "no-word"):
                    raise UndecidedError
                if edge in (None, at) and target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)
