"""Whether some globs match everything that another one matches."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from imagebot.config.static.automaton import Automaton, automaton_of
from imagebot.config.static.characters import holds
from imagebot.config.static.expression import Choice, UndecidedError, parse
from imagebot.glob import glob_expression

_MOST_PAIRS = 4_000


def covers(globs: Sequence[str], glob: str) -> bool:
    """Whether every name that `glob` matches is matched by one of `globs`.

    The globs must be valid. False where that would take too long to find out.
    """
    if not globs:
        return False
    if glob in globs or "**" in globs:
        return True
    try:
        return _is_within(_automaton((glob,)), _automaton(tuple(globs)))
    except UndecidedError:
        return False


@functools.lru_cache(maxsize=256)
def _automaton(globs: tuple[str, ...]) -> Automaton:
    return automaton_of(Choice(tuple(parse(glob_expression(glob)) for glob in globs)))


def _is_within(inner: Automaton, outer: Automaton) -> bool:
    """Goes through both together, until a text ends in `inner` that cannot end in `outer`."""
    points = _points(inner, outer)
    start = (_reached(inner, [inner.start]), _reached(outer, [outer.start]))
    seen = {start}
    waiting = [start]
    while waiting:
        here, there = waiting.pop()
        if inner.end in here and outer.end not in there:
            return False
        for point in points:
            stepped = _step(inner, here, point)
            if not stepped:
                continue
            pair = (stepped, _step(outer, there, point))
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
        if len(seen) > _MOST_PAIRS:
            raise UndecidedError
    return True


def _points(*automata: Automaton) -> list[int]:
    """One character of each kind: all others are treated as one of these by every move."""
    points = {0}
    for automaton in automata:
        for moves in automaton.moves:
            for ranges, _ in moves:
                points.update(first for first, _ in ranges)
                points.update(last + 1 for _, last in ranges)
    return sorted(points)


def _step(automaton: Automaton, states: frozenset[int], point: int) -> frozenset[int]:
    moved = [
        target
        for state in states
        for ranges, target in automaton.moves[state]
        if holds(ranges, point)
    ]
    return _reached(automaton, moved)


def _reached(automaton: Automaton, states: Iterable[int]) -> frozenset[int]:
    """The states and those that jumps lead to; no glob has edges."""
    found = set(states)
    waiting = list(found)
    while waiting:
        for _, target in automaton.jumps[waiting.pop()]:
            if target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)
