"""What an order makes of the tags that pass the filters: a key for each, greater is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from imagebot.policy.model import Policy, UpdateType
from imagebot.policy.rejections import Refusals
from imagebot.values import dataclass
from imagebot.version.precedence import Numbers
from imagebot.version.reading import ALONE, Reading
from imagebot.version.shape import Layout
from imagebot.version.skeletons import TagGroup


@dataclass(frozen=True, slots=True)
class Pool:
    """Tags still in the running, and for each the text that the policy reads of it."""

    tags: Sequence[str]
    texts: Sequence[str]


Outsiders = tuple[Layout, TagGroup]
"""Tags that were not compared because they are written in another way, and how."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Tags with their keys, in no particular order.

    `current` is the key of the current tag, None when it cannot be compared. `numbers` are the
    version numbers of each tag and `current_numbers` those of the current one, for orders that
    read versions; dates and counters have none. `style` tells tags that are written alike, and
    `plain` those without a variant: they decide ties, beside a current tag and without one.
    `hidden` gives what of a tag has no order and is no spelling either: equal tags that differ in
    it may be different images. `moved` are the tags on another platform than the current one, and
    how large a step that is; their keys end with the variant's numbers. `outsiders` are what was
    not compared. `of_platform` is whether the current version is only that of a platform.
    """

    tags: Sequence[str]
    keys: Sequence[Any]
    current: Any
    numbers: Sequence[Numbers] | None = None
    current_numbers: Numbers | None = None
    style: Callable[[str], object] | None = None
    plain: Callable[[str], bool] | None = None
    hidden: Callable[[str], object] | None = None
    moved: Mapping[str, UpdateType] = field(default_factory=dict)
    outsiders: Sequence[Outsiders] = ()
    reading: Reading = ALONE
    of_platform: bool = False


Order = Callable[[Policy, Pool, str | None, Refusals], Ranked]
"""How each order ranks a pool: the current text is None when there is none to compare with."""


def pick(indices: Sequence[int], values: Sequence[Any]) -> list[Any]:
    return [values[index] for index in indices]


def keep(ranked: Ranked, indices: Sequence[int]) -> Ranked:
    """The ranking of these tags alone."""
    if len(indices) == len(ranked.tags):
        return ranked
    numbers = None if ranked.numbers is None else pick(indices, ranked.numbers)
    # Written out, because `replace` takes three times as long, for each rule of each field.
    return Ranked(
        pick(indices, ranked.tags),
        pick(indices, ranked.keys),
        ranked.current,
        numbers,
        ranked.current_numbers,
        ranked.style,
        ranked.plain,
        ranked.hidden,
        ranked.moved,
        ranked.outsiders,
        ranked.reading,
        ranked.of_platform,
    )


def is_better(key: Any, than: Any, *, descending: bool) -> bool:
    return bool(key < than if descending else key > than)
