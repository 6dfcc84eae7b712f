"""What a plan asks about a tree, and what it says of it whatever the answers are. Pure.

Most passes find a tree and a configuration that they know, and nothing that moves. Such a pass
needs no field: it asks the questions, and the fields are looked at when somebody wants to see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import overload

from imagebot.config.model import Configuration
from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.layers import Layers
from imagebot.plan.model import Kept, Plan
from imagebot.plan.resolve import Resolution, TagQuery
from imagebot.policy.model import Decision
from imagebot.problem import Problem
from imagebot.reference import Reference
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Questions:
    """Each question once, as a reference and the name of its policy; and how many `fields` there
    are. `problems`, `unread`, `warnings` and `layers` are those of a plan in which nothing moves.
    """

    asked: tuple[tuple[Reference, str], ...]
    fields: int
    problems: tuple[Problem, ...] = ()
    unread: tuple[Unread, ...] = ()
    warnings: tuple[str, ...] = ()
    layers: Layers = field(default_factory=dict)

    def queries(self, configuration: Configuration) -> tuple[TagQuery, ...]:
        """What to ask; `configuration` is the one that the questions were made with."""
        policies = configuration.policies
        return tuple(TagQuery(reference, policies[name]) for reference, name in self.asked)


def asked_of(
    queries: Iterable[TagQuery | None], configuration: Configuration
) -> tuple[tuple[Reference, str], ...] | None:
    """Each question once; None where one has a policy without a name, as a marker's is."""
    asked = []
    for query in dict.fromkeys(queries):
        if query is None:
            continue
        name = query.policy.name
        if configuration.policies.get(name) != query.policy:
            return None
        asked.append((query.reference, name))
    return tuple(asked)


def nothing_moves(resolution: Resolution) -> bool:
    """Whether every question has the answer that the field stays, and nothing is to be said."""
    return not resolution.notes and all(
        isinstance(each, Decision) and each.settled and not each.moves
        for each in resolution.of.values()
    )


def unmoved_plan(questions: Questions, kept: Callable[[], tuple[Kept, ...]]) -> Plan:
    """The plan in which nothing moves; `kept` makes its fields."""
    return Plan(
        kept=_Later(questions.fields, kept),
        problems=questions.problems,
        unread=questions.unread,
        warnings=questions.warnings,
        layers=questions.layers,
        unmoved=True,
    )


class _Later(Sequence[Kept]):
    """Kept fields that are made when the first is looked at; how many there are is known."""

    def __init__(self, count: int, make: Callable[[], tuple[Kept, ...]]) -> None:
        self._count = count
        self._make = make
        self._made: tuple[Kept, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Kept: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Kept]: ...
    def __getitem__(self, index: int | slice) -> Kept | Sequence[Kept]:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as a list's, of which the content may be large

    def _all(self) -> tuple[Kept, ...]:
        if self._made is None:
            self._made = self._make()
        return self._made
