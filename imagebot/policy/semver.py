"""Order `semver`: versions within a range, by Semantic Versioning precedence.

With the strict syntax every tag is a version or none. With the natural one, prefix, number of
parts and variant are the current tag's, and the range applies to the numbers between them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from imagebot.policy.first_variant import first_variant
from imagebot.policy.model import Policy
from imagebot.policy.natural import natural_range, rank_rows, read_rows
from imagebot.policy.plain import drop_old
from imagebot.policy.ranking import Pool, Ranked, pick
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import Rows, by_skeleton, cut_numbers, read_pool
from imagebot.policy.shape_rules import Current, read_current
from imagebot.version.precedence import RELEASE, Numbers, Pre, pad
from imagebot.version.range import Range
from imagebot.version.reading import read_layout
from imagebot.version.skeletons import Span, TagGroup
from imagebot.version.syntax import STRICT, read_strict, strict_prerelease


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    if policy.version_syntax == "strict":
        return _strict(policy, pool, current, refusals)
    return _natural(policy, pool, current, refusals)


def _accepted(
    versions: Range, numbers: Sequence[Numbers], pres: Sequence[Pre] | None
) -> Sequence[int]:
    """Positions of the versions within the range; without `pres` they are all releases."""
    if pres is None:
        return versions.positions_of_releases(numbers)
    if not versions.has_prerelease:
        return ()
    return [
        i
        for i, (some, pre) in enumerate(zip(numbers, pres, strict=True))
        if versions.allows_key((*pad(some), pre))
    ]


def _range_of(policy: Policy) -> Range:
    assert policy.range is not None, "a policy of order semver has a range"
    return policy.range


def _natural(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    reading, groups = read_pool(pool, current)
    now = read_current(current, reading)
    if now is not None and not _is_version(now):
        now = None
    accept = functools.partial(_accepted, natural_range(_range_of(policy)))
    first = "" if now is not None else first_variant(policy, current, reading, groups)
    reader = read_rows(policy, reading, groups, now, refusals, accept, first)
    if now is None:
        reader.rows = _several_parts(reader.rows, refusals)
        reader.rows = drop_old(policy, reader.rows, reader.outsiders, refusals, accept)
    return rank_rows(reader)


def _is_version(now: Current) -> bool:
    """A date is one only with dots, as in 2024.1.3, and a counter only where it stands alone."""
    alone = str(now.shape) == "#"
    return now.shape.kind == "version" or "." in now.shape.core or alone


def _several_parts(rows: Rows, refusals: Refusals) -> Rows:
    """Without a current shape: the rows with more than one number, at least three each.

    A date without dots is no version: it would be compared with none later.
    """
    kept = [i for i, form in enumerate(rows.forms) if form > 1]
    reason = "a date or a single number is not adopted as a version"
    refusals.add("shape", rows.others(kept), reason)
    rows = rows.only(kept)
    rows.numbers = [(*numbers, 0) if len(numbers) == 2 else numbers for numbers in rows.numbers]
    return rows


_COUNT = 100
"""From here on a number that is the whole of the version counts builds."""
_NOTHING: Span = (-1, -1)
_StrictVersion = tuple[Numbers, Pre]


def _strict(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    now = read_strict(current) if current is not None else None
    rows = Rows()
    for group in by_skeleton(pool):
        spans = _strict_spans(_strict_skeleton(group))
        if spans is None:
            reason = "the strict syntax needs three numbers"
            refusals.add("semver", group.tags, reason)
        else:
            _add_strict(rows, policy, now, group, spans, refusals)
    if now is None and current is not None and not (policy.allow_downgrade or policy.descending):
        rows = _not_lower(rows, current, refusals)
    keys: Sequence[object] = rows.numbers
    current_key: object = now[0] if now else None
    if not rows.plain or (now is not None and now[1] != RELEASE):
        keys = list(zip(rows.numbers, rows.pres, strict=True))
        current_key = now
    numbers = now[0] if now else None
    return Ranked(rows.tags, keys, current_key, rows.numbers, numbers, _has_v)


def _not_lower(rows: Rows, current: str, refusals: Refusals) -> Rows:
    """Without what is lower than a current tag that is a version only in the natural syntax.

    It may be equal if the tag has no more than three numbers: 2.0 may become 2.0.0.
    """
    layout = read_layout(current)
    if layout is None or layout.kind != "version" or layout.of_platform:
        return rows
    numbers = layout.numbers_of(current)
    if len(numbers) == 1 and numbers[0] >= _COUNT:
        return rows
    low = pad(numbers)
    may_equal = len(numbers) <= len(low) and not layout.variant_numbers
    kept = [
        i
        for i, (some, pre) in enumerate(zip(rows.numbers, rows.pres, strict=True))
        if some > low or (may_equal and some == low and pre == RELEASE)
    ]
    refusals.add("downgrade", rows.others(kept), f"not known to be newer than {current}")
    return rows.only(kept)


def _has_v(tag: str) -> object:
    return tag.startswith("v")


def _strict_skeleton(group: TagGroup) -> str:
    """The strict syntax knows no hashes: their letters are a pre-release's."""
    return group.skeleton.replace("~", "a")


@functools.lru_cache(maxsize=8192)
def _strict_spans(skeleton: str) -> tuple[Span, Span, Span, Span] | None:
    """Where the three numbers and the pre-release stand in tags of one skeleton."""
    match = STRICT.fullmatch(skeleton)
    return None if match is None else (match.span(1), match.span(2), match.span(3), match.span(4))


def _add_strict(
    rows: Rows,
    policy: Policy,
    now: _StrictVersion | None,
    group: TagGroup,
    spans: tuple[Span, Span, Span, Span],
    refusals: Refusals,
) -> None:
    numbers = cut_numbers(spans[:3], group.texts)
    pres: list[Pre] | None = None
    if spans[3] != _NOTHING:
        start, end = spans[3]
        read = [strict_prerelease(text[start:end]) for text in group.texts]
        good = [i for i, pre in enumerate(read) if pre is not None]
        reason = "a number in its pre-release has a leading zero"
        refusals.add("semver", group.others(good), reason)
        group, numbers = group.only(good), pick(good, numbers)
        pres = [pre for pre in read if pre is not None]
        kept = _staged(policy, now, numbers)
        refusals.add("prerelease", group.others(kept), "a pre-release")
        group, numbers, pres = group.only(kept), pick(kept, numbers), pick(kept, pres)
    taken = _accepted(_range_of(policy), numbers, pres)
    reason = f"not in the range {_range_of(policy).text}"
    if len(taken) < len(group.tags):
        refusals.add("semver", group.others(taken), reason)
        group, numbers = group.only(taken), pick(taken, numbers)
        pres = None if pres is None else pick(taken, pres)
    rows.add(group.tags, [3] * len(group.tags), numbers, pres)


def _staged(
    policy: Policy, now: _StrictVersion | None, numbers: Sequence[Numbers]
) -> Sequence[int]:
    """Positions of the pre-releases that the policy takes."""
    if policy.prerelease == "allow":
        return range(len(numbers))
    if policy.prerelease == "never" or now is None or now[1] == RELEASE:
        return ()
    return [i for i, some in enumerate(numbers) if some == now[0]]
