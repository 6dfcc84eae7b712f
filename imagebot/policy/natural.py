"""Orders `shape` and `natural`: by the numbers of a tag, among tags of one shape.

The rows that this module reads are what `semver` with the natural syntax ranks too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked, pick
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import Rows, TagGroup, by_skeleton, cut_numbers
from imagebot.policy.shape_rules import (
    Current,
    compared_variant,
    narrow,
    read_current,
    variant_key,
)
from imagebot.version.precedence import RELEASE, Numbers, Pre
from imagebot.version.shape import Layout, is_hash, layout_of_skeleton, read_layout

PreKey = Callable[[Layout, str], Pre]
Accept = Callable[[Sequence[Numbers], Sequence[Pre] | None], Sequence[int]]
"""Positions of the versions that a policy takes: their numbers, their pre-releases if any."""


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    now = read_current(current)
    rows = read_rows(policy, pool, now, refusals, stage_pre)
    if now is None:
        rows = _leading_form(rows, refusals)
    return rank_rows(policy, rows, now, stage_pre)


def rank_rows(policy: Policy, rows: Rows, now: Current | None, pre_key: PreKey) -> Ranked:
    """The rows with keys that order them: numbers, then pre-release, then the variant's numbers."""
    plain = rows.plain
    keys: Sequence[object] = rows.numbers
    current: object = None
    if now is not None:
        variant = variant_key(policy, now)
        plain = plain and not now.layout.stage and not variant
        current = now.numbers
    if not plain:
        keys = list(zip(rows.numbers, rows.pres, rows.variants, strict=True))
        if now is not None:
            current = (now.numbers, pre_key(now.layout, now.text), variant)
    numbers = now.plain_numbers if now else None
    return Ranked(rows.tags, keys, current, rows.numbers, numbers, _style, _is_plain)


def read_rows(
    policy: Policy,
    pool: Pool,
    now: Current | None,
    refusals: Refusals,
    pre_key: PreKey,
    accept: Accept | None = None,
) -> Rows:
    """The tags that have the current one's shape and the policy's variant and pre-releases.

    What `accept` does not take is refused by the rule `semver`.
    """
    reader = _Reader(policy, now, refusals, pre_key, accept)
    for group in by_skeleton(pool):
        reader.read(group)
    return reader.rows


def stage_pre(layout: Layout, text: str) -> Pre:
    """A pre-release's key in these orders: its stage (or stream), then its numbers as numbers."""
    if not layout.stage:
        return RELEASE
    stage, *numbers = layout.stage_key(text)
    stream = layout.stage if layout.is_stream else ""
    return (0, (0, stage, stream), *[(0, number, "") for number in numbers])


def _no_version(tag: str) -> str:
    return "a hash has no order" if is_hash(tag) else "it does not contain a version"


def _style(tag: str) -> object:
    layout = read_layout(tag)
    return layout.shape_of(tag) if layout else None


def _is_plain(tag: str) -> bool:
    layout = read_layout(tag)
    return layout is not None and layout.variant == ""


@dataclass(slots=True)
class _Reader:
    policy: Policy
    now: Current | None
    refusals: Refusals
    pre_key: PreKey
    accept: Accept | None
    rows: Rows = field(default_factory=Rows)

    def read(self, group: TagGroup) -> None:
        """Add what is taken of a group."""
        layout = layout_of_skeleton(group.skeleton)
        if layout is None:
            self.refusals.add(self.policy.order, group.tags, _no_version)
            return
        group = narrow(self.policy, layout, self.now, group, self.refusals)
        if not group.tags:
            return
        numbers = cut_numbers(layout.parts, group.texts)
        pres = [self.pre_key(layout, text) for text in group.texts] if layout.stage else None
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
            variants = [layout.variant_numbers_of(text) for text in group.texts]
        self.rows.add(group.tags, _forms(layout, group.texts), numbers, pres, variants)


def _forms(layout: Layout, texts: Sequence[str]) -> list[int]:
    if len(layout.parts) == 1 and layout.may_be_date:
        return [0 if layout.kind_of(text) == "date" else 1 for text in texts]
    return [len(layout.parts)] * len(texts)


_PREFERENCE = {3: 0, 2: 1, 1: 1000, 0: 1001}


def _leading_form(rows: Rows, refusals: Refusals) -> Rows:
    """Without a current shape, the versions with the most usual number of parts.

    Three parts before two, two before four, and single numbers last, dates behind the others:
    they would beat every release.
    """
    forms = sorted(set(rows.forms), key=lambda form: _PREFERENCE.get(form, form))
    if len(forms) < 2:
        return rows
    leading = forms[0]
    kept = [i for i, form in enumerate(rows.forms) if form == leading]
    reason = f"there are tags of {leading or 1} numbers, which come first"
    refusals.add("shape", rows.others(kept), reason)
    return rows.only(kept)
