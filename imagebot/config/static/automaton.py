"""Trees of expressions as automata: each way through one spells a text that matches."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from imagebot.config.static.characters import Ranges
from imagebot.config.static.expression import (
    Chars,
    Choice,
    Edge,
    Group,
    Node,
    Repeat,
    Series,
    UndecidedError,
)
from imagebot.values import dataclass

_MAX_STATES = 20_000
EdgeKind = Literal["start", "end", "word", "no-word"]


@dataclass(slots=True)
class Automaton:
    """States are numbers. `moves` read a character; `jumps` read none, but may need an edge."""

    moves: list[list[tuple[Ranges, int]]] = field(default_factory=list)
    jumps: list[list[tuple[EdgeKind | None, int]]] = field(default_factory=list)
    start: int = 0
    end: int = 0

    def state(self) -> int:
        if len(self.moves) >= _MAX_STATES:
            raise UndecidedError
        self.moves.append([])
        self.jumps.append([])
        return len(self.moves) - 1

    def add(self, node: Node, start: int) -> int:
        """The state that is reached from `start` by what `node` matches."""
        if isinstance(node, Chars | Edge):
            end = self.state()
            if isinstance(node, Chars):
                self.moves[start].append((node.ranges, end))
            else:
                self.jumps[start].append((node.kind, end))
            return end
        if isinstance(node, Series):
            for part in node.parts:
                start = self.add(part, start)
            return start
        if isinstance(node, Choice):
            ends = [self.add(option, start) for option in node.options]
            return self.joined(ends)
        return self.add(node.part, start) if isinstance(node, Group) else self.repeat(node, start)

    def repeat(self, node: Repeat, start: int) -> int:
        for _ in range(node.least):
            start = self.add(node.part, start)
        if node.most is None:
            loop = self.joined([start])
            self.jumps[self.add(node.part, loop)].append((None, loop))
            return self.joined([loop])
        ends = [start]
        for _ in range(node.most - node.least):
            ends.append(self.add(node.part, ends[-1]))
        return self.joined(ends)

    def joined(self, ends: list[int]) -> int:
        end = self.state()
        for each in ends:
            self.jumps[each].append((None, end))
        return end


def automaton_of(node: Node) -> Automaton:
    """The automaton of a whole text. Raises UndecidedError for one that is too large."""
    automaton = Automaton()
    automaton.start = automaton.state()
    automaton.end = automaton.add(node, automaton.start)
    return automaton
