"""Rejections that are collected in blocks and worked out only when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import overload

from imagebot.policy.model import Rejection
from imagebot.values import dataclass

Reason = str | Callable[[str], str]
"""A sentence, or what makes one for a tag."""


@dataclass(frozen=True, slots=True)
class Block:
    """Tags that one rule refused for one reason."""

    rule: str
    tags: Sequence[str]
    reason: Reason
    eligible_at: datetime | None = None

    def rejection(self, tag: str) -> Rejection:
        reason = self.reason if isinstance(self.reason, str) else self.reason(tag)
        return Rejection(tag, self.rule, reason, self.eligible_at)


class Rejections(Sequence[Rejection]):
    """The rejections of some blocks, in the order of their tags. Each tag is in one block."""

    __slots__ = ("_blocks", "_items")

    def __init__(self, blocks: Sequence[Block] = ()) -> None:
        self._blocks = tuple(blocks)
        self._items: tuple[Rejection, ...] | None = None

    def __len__(self) -> int:
        return sum(len(block.tags) for block in self._blocks)

    @overload
    def __getitem__(self, index: int) -> Rejection: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Rejection, ...]: ...
    def __getitem__(self, index: int | slice) -> Rejection | tuple[Rejection, ...]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Rejection]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return f"<{len(self)} rejections>"

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self._blocks

    def _all(self) -> tuple[Rejection, ...]:
        if self._items is None:
            made = [block.rejection(tag) for block in self._blocks for tag in block.tags]
            self._items = tuple(sorted(made, key=lambda rejection: rejection.tag))
        return self._items


def count_by_rule(rejections: Sequence[Rejection]) -> str:
    """How many tags each rule refused, as `semver 12, shape 3`: the most first."""
    counts: dict[str, int] = {}
    if isinstance(rejections, Rejections):
        for block in rejections.blocks:
            counts[block.rule] = counts.get(block.rule, 0) + len(block.tags)
    else:
        for one in rejections:
            counts[one.rule] = counts.get(one.rule, 0) + 1
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{rule} {count}" for rule, count in ordered)


def refused_later(rejections: Sequence[Rejection], more: Sequence[Rejection]) -> Rejections:
    """Some rejections, and those of tags that were refused after them."""
    later = [Block(one.rule, (one.tag,), one.reason, one.eligible_at) for one in more]
    if isinstance(rejections, Rejections):
        return Rejections((*rejections.blocks, *later))
    earlier = [Block(one.rule, (one.tag,), one.reason, one.eligible_at) for one in rejections]
    return Rejections((*earlier, *later))


class Refusals:
    """Collects blocks while the rules run."""

    __slots__ = ("blocks",)

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def add(
        self,
        rule: str,
        tags: Sequence[str],
        reason: Reason,
        *,
        eligible_at: datetime | None = None,
    ) -> None:
        if tags:
            self.blocks.append(Block(rule, tags, reason, eligible_at))

    def freeze(self) -> Rejections:
        return Rejections(self.blocks)
