"""Tags in bulk: grouped by skeleton, so that most rules look at a group and not at each tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import field
from operator import itemgetter

from imagebot.policy.model import UpdateType
from imagebot.policy.ranking import Pool, pick
from imagebot.values import dataclass
from imagebot.version.precedence import RELEASE, Numbers, Pre
from imagebot.version.reading import Reading, read_groups
from imagebot.version.skeletons import Span, TagGroup, mark_hashes, zero_digits


def read_pool(pool: Pool, current: str | None) -> tuple[Reading, list[TagGroup]]:
    """How a pool's texts are read, with the current one among them, and all tags in groups."""
    return read_groups(by_skeleton(pool), current)


def by_skeleton(pool: Pool) -> list[TagGroup]:
    """Every tag of the pool, in groups by rough skeleton: what each tag alone can tell."""
    if not pool.tags:
        return []
    rough = zero_digits("\n".join(pool.texts)).split("\n")
    tags = _gather(rough, pool.tags)
    texts = tags if pool.tags is pool.texts else _gather(rough, pool.texts)
    # Hashes make many rough skeletons of one; finding them in every text would cost more.
    fine = mark_hashes("\n".join(tags)).split("\n")
    first: dict[str, str] = {}
    for one, skeleton in zip(list(tags), fine, strict=True):
        leader = first.setdefault(skeleton, one)
        if leader != one:
            tags[leader] += tags[one]
            if texts is not tags:
                texts[leader] += texts[one]
    return [TagGroup(skeleton, tags[one], texts[one]) for skeleton, one in first.items()]


@dataclass(slots=True)
class Rows:
    """Parallel lists, one entry per tag; `pres` and `variants` order what follows the numbers.

    `forms` are the numbers of parts, 0 for a date that is not written with dots. `moved` are the
    tags on another platform than the current one, and how large a step that is.
    """

    tags: list[str] = field(default_factory=list)
    forms: list[int] = field(default_factory=list)
    numbers: list[Numbers] = field(default_factory=list)
    pres: list[Pre] = field(default_factory=list)
    variants: list[Numbers] = field(default_factory=list)
    moved: dict[str, UpdateType] = field(default_factory=dict)
    plain: bool = True
    """Whether the numbers alone order the rows: no pre-releases, no numbers in variants."""

    def add(
        self,
        tags: Sequence[str],
        forms: Sequence[int],
        numbers: Sequence[Numbers],
        pres: Sequence[Pre] | None = None,
        variants: Sequence[Numbers] | None = None,
    ) -> None:
        """More rows; without `pres` they are releases, without `variants` nothing follows."""
        self.tags += tags
        self.forms += forms
        self.numbers += numbers
        self.pres += [RELEASE] * len(tags) if pres is None else pres
        self.variants += [()] * len(tags) if variants is None else variants
        if tags and (pres is not None or variants is not None):
            self.plain = False

    def only(self, positions: Sequence[int]) -> Rows:
        """The rows at these positions."""
        if len(positions) == len(self.tags):
            return self
        return Rows(
            pick(positions, self.tags),
            pick(positions, self.forms),
            pick(positions, self.numbers),
            pick(positions, self.pres),
            pick(positions, self.variants),
            self.moved,
            self.plain,
        )

    def others(self, positions: Sequence[int]) -> list[str]:
        """The tags that `only` would leave out."""
        among = set(positions)
        return [tag for i, tag in enumerate(self.tags) if i not in among]


def cut_numbers(spans: Sequence[Span], texts: Sequence[str]) -> list[Numbers]:
    """The numbers at the same places of every text, without bytecode for each."""
    columns = [map(_reader(span), map(itemgetter(slice(*span)), texts)) for span in spans]
    return list(zip(*columns, strict=True)) if spans else [()] * len(texts)


_SMALL = {f"{number:0{width}}": number for width in (1, 2, 3) for number in range(10**width)}


def _reader(span: Span) -> Callable[[str], int]:
    """Nearly all numbers in tags are small, and a look-up takes half the time of `int`."""
    return _SMALL.__getitem__ if span[1] - span[0] <= 3 else int


def _gather(skeletons: Sequence[str], values: Sequence[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for skeleton, value in zip(skeletons, values, strict=True):
        groups[skeleton].append(value)
    return groups
