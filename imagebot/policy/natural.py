"""Orders `shape` and `natural`: by the numbers of a tag, among tags of one shape.

The rows that this module reads are what `semver` with the natural syntax ranks too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Sequence
from dataclasses import field

from imagebot.policy.first_variant import first_variant
from imagebot.policy.model import Policy
from imagebot.policy.plain import drop_old, leading_form
from imagebot.policy.ranking import Outsiders, Pool, Ranked, pick
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import Rows, cut_numbers, read_pool
from imagebot.policy.shape_rules import (
    Current,
    compared_variant,
    narrow,
    read_current,
    variant_key,
)
from imagebot.values import dataclass
from imagebot.version.precedence import RELEASE, Numbers, Pre, prerelease_key
from imagebot.version.range import Range, parse_range
from imagebot.version.reading import Reading, read_layout
from imagebot.version.shape import Layout
from imagebot.version.skeletons import TagGroup

Accept = Callable[[Sequence[Numbers], Sequence[Pre] | None], Sequence[int]]
"""Positions of the versions that a policy takes: their numbers, their pre-releases if any."""


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    reading, groups = read_pool(pool, current)
    now = read_current(current, reading)
    first = "" if now is not None else first_variant(policy, current, reading, groups)
    reader = read_rows(policy, reading, groups, now, refusals, first=first)
    if now is None:
        reader.rows = leading_form(reader.rows, refusals)
        reader.rows = drop_old(policy, reader.rows, reader.outsiders, refusals)
    return rank_rows(reader)


@dataclass(slots=True)
class RowReader:
    """Reads groups of tags into rows, and remembers what was written in another way.

    What `accept` does not take is refused by the rule `semver`. `first` is the variant to
    adopt when the current tag is not a version.
    """

    policy: Policy
    reading: Reading
    now: Current | None
    refusals: Refusals
    accept: Accept | None
    first: str = ""
    rows: Rows = field(default_factory=Rows)
    outsiders: list[Outsiders] = field(default_factory=list)

    def read(self, group: TagGroup) -> None:
        """Add what is taken of a group."""
        layout = self.reading.layout(group.skeleton)
        if layout is None:
            self.refusals.add(self.policy.order, group.tags, _why_none(group.skeleton))
            return
        fitting, moved = narrow(self.policy, layout, self.now, group, self.refusals, self.first)
        if not fitting.tags:
            self.outsiders.append((layout, group))
            return
        if len(fitting.tags) < len(group.tags):
            among = set(fitting.tags)
            left = [i for i, tag in enumerate(group.tags) if tag not in among]
            self.outsiders.append((layout, group.only(left)))
        self.rows.moved |= moved
        self._add(layout, fitting)

    def _add(self, layout: Layout, group: TagGroup) -> None:
        numbers = cut_numbers(layout.parts, group.texts)
        pres = [stage_pre(layout, text) for text in group.texts] if layout.stage else None
        kept = self.accept(numbers, pres) if self.accept is not None else range(len(numbers))
        if len(kept) < len(numbers):
            assert self.policy.range is not None
            reason = f"not in the range {self.policy.range.text}"
            self.refusals.add("semver", group.others(kept), reason)
            group, numbers = group.only(kept), pick(kept, numbers)
            pres = None if pres is None else pick(kept, pres)
        variants = None
        if layout.variant_numbers and compared_variant(self.policy, self.now) in (
            None,
            layout.variant,
        ):
            variants = cut_numbers(layout.variant_numbers, group.texts)
            if self.policy.variant == "any":
                variants = _present_first(group.tags, variants, self.rows.moved)
        form = 0 if layout.kind == "date" and "." not in layout.core else len(layout.parts)
        self.rows.add(group.tags, [form] * len(group.tags), numbers, pres, variants)


def read_rows(
    policy: Policy,
    reading: Reading,
    groups: Sequence[TagGroup],
    now: Current | None,
    refusals: Refusals,
    accept: Accept | None = None,
    first: str = "",
) -> RowReader:
    """The tags that have the current one's shape and the policy's variant and pre-releases."""
    reader = RowReader(policy, reading, now, refusals, accept, first)
    for group in groups:
        reader.read(group)
    return reader


def _present_first(
    tags: Sequence[str], variants: Sequence[Numbers], moved: Container[str]
) -> list[Numbers]:
    """Keys by which the current platform comes before a higher one with the same version."""
    return [(int(tag not in moved), *numbers) for tag, numbers in zip(tags, variants, strict=True)]


def rank_rows(reader: RowReader) -> Ranked:
    """The rows with keys that order them: numbers, then pre-release, then the variant's numbers."""
    rows, now, reading = reader.rows, reader.now, reader.reading
    plain = rows.plain
    keys: Sequence[object] = rows.numbers
    current: object = None
    if now is not None:
        variant = variant_key(reader.policy, now)
        if reader.policy.variant == "any" and variant:
            variant = (1, *variant)
        plain = plain and not now.layout.stage and not variant
        current = now.numbers
    if not plain:
        keys = list(zip(rows.numbers, rows.pres, rows.variants, strict=True))
        if now is not None:
            current = (now.numbers, stage_pre(now.layout, now.text), variant)
    return Ranked(
        rows.tags,
        keys,
        current,
        rows.numbers,
        now.plain_numbers if now else None,
        functools.partial(_style, reading),
        functools.partial(_is_plain, reading),
        functools.partial(_hidden, reading),
        rows.moved,
        reader.outsiders,
        reading,
        of_platform=now is not None and now.shape.of_platform,
    )


def stage_pre(layout: Layout, text: str) -> Pre:
    """A pre-release's key in the natural syntax: its stage or stream, then its numbers."""
    if not layout.stage:
        return RELEASE
    stage, *numbers = layout.stage_key(text)
    stream = layout.stage if layout.is_stream else ""
    return (0, (0, stage, stream), *[(0, number, "") for number in numbers])


@functools.lru_cache(maxsize=512)
def natural_range(versions: Range) -> Range:
    """A range whose bounds order pre-releases as the natural syntax does: rc9 before rc10."""
    found = parse_range(versions.text, _bound_pre)
    return found.with_prereleases() if versions.any_prerelease else found


def _bound_pre(text: str) -> Pre:
    tag = f"0.0.0-{text}"
    layout = read_layout(tag)
    if layout is not None and layout.stage and not layout.variant:
        return stage_pre(layout, tag)
    return prerelease_key(text)


def _why_none(skeleton: str) -> str:
    if "?" in skeleton:
        return "nothing tells whether it is a number or a commit hash"
    return "a hash has no order" if "~" in skeleton else "it does not contain a version"


def _style(reading: Reading, tag: str) -> object:
    layout = reading.layout_of(tag)
    return layout.shape_of(tag) if layout else None


def _is_plain(reading: Reading, tag: str) -> bool:
    layout = reading.layout_of(tag)
    return layout is not None and layout.variant == ""


def _hidden(reading: Reading, text: str) -> object:
    layout = reading.layout_of(text)
    return layout.hidden_of(text) if layout else text
