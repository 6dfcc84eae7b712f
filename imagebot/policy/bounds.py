"""Rules that look at a tag beside the current one: never lower, ignored, not too large a step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from imagebot.policy.model import Ignored, Policy, Size, UpdateType
from imagebot.policy.natural import natural_range, stage_pre
from imagebot.policy.ranking import Pool, Ranked, is_better, keep
from imagebot.policy.rejections import Refusals
from imagebot.policy.steps import fits, kept_numbers, larger, step
from imagebot.policy.update_types import (
    has_size,
    is_within,
    update_type_of,
)
from imagebot.values import dataclass
from imagebot.version.chart import registry_tag
from imagebot.version.precedence import RELEASE, Key, pad
from imagebot.version.reading import Reading
from imagebot.version.syntax import read_strict


@dataclass(frozen=True, slots=True)
class BlockedTag:
    """A newer tag that the policy blocks."""

    code: str
    reason: str
    eligible_at: datetime | None = None


def drop_lower(policy: Policy, ranked: Ranked, current: str | None, refusals: Refusals) -> Ranked:
    if policy.allow_downgrade or ranked.current is None:
        return ranked
    limit = ranked.current
    if policy.descending:
        kept = [i for i, key in enumerate(ranked.keys) if key <= limit]
    else:
        kept = [i for i, key in enumerate(ranked.keys) if key >= limit]
    _refuse_others(ranked, kept, refusals, "downgrade", f"older than {current}")
    return keep(ranked, kept)


def drop_ignored(
    policy: Policy,
    ranked: Ranked,
    pool: Pool,
    current: str | None,
    today: date,
    refusals: Refusals,
    blocked: list[BlockedTag],
) -> Ranked:
    """What `ignore` names; what is newer than the current tag is also blocked."""
    entries = [entry for entry in policy.ignore if entry.until is None or today <= entry.until]
    if not entries:
        return ranked
    texts = dict(zip(pool.tags, pool.texts, strict=True))
    by_entry: dict[int, list[int]] = {}
    kept: list[int] = []
    for i, tag in enumerate(ranked.tags):
        entry = _ignored_by(policy, entries, tag, texts[tag], ranked.reading)
        if entry is None:
            kept.append(i)
        else:
            by_entry.setdefault(entry, []).append(i)
    for number, positions in sorted(by_entry.items()):
        entry_of = entries[number]
        until = _end_of(entry_of.until)
        reason = _ignored_reason(entry_of)
        refusals.add("ignore", [ranked.tags[i] for i in positions], reason, eligible_at=until)
    everything = [i for positions in by_entry.values() for i in positions]
    best = _best_newer(policy, ranked, everything, current)
    if best is not None:
        number = next(n for n, positions in by_entry.items() if best in positions)
        reason = f"{ranked.tags[best]} is {_ignored_reason(entries[number])}"
        blocked.append(BlockedTag("ignore", reason, _end_of(entries[number].until)))
    return keep(ranked, kept)


def drop_larger(
    policy: Policy,
    ranked: Ranked,
    current: str | None,
    refusals: Refusals,
    blocked: list[BlockedTag],
) -> Ranked:
    """What is a larger step than `max`; dates and what has no version numbers have no size."""
    if policy.max is None or policy.max == "major":
        return ranked
    if current is None or ranked.current is None:
        return ranked  # nothing to take a step from
    kept = _within(policy, policy.max, ranked, current)
    if len(kept) == len(ranked.tags):
        return ranked
    allowed = policy.max
    _refuse_others(ranked, kept, refusals, "max", f"a larger step than {allowed} from {current}")
    among = set(kept)
    others = [i for i in range(len(ranked.tags)) if i not in among]
    best = _best_newer(policy, ranked, others, current)
    if best is not None:
        kind = _kind(policy, ranked, best, current)
        reason = f"{ranked.tags[best]} needs max: {kind}"
        if kind == "other":
            reason = f"the step to {ranked.tags[best]} has no size, and there is a max"
        blocked.insert(0, BlockedTag("max", reason))
    return keep(ranked, kept)


def _within(policy: Policy, allowed: Size, ranked: Ranked, current: str) -> list[int]:
    kept = _versions_within(policy, allowed, ranked, current)
    if not ranked.moved:
        return kept
    far = {tag for tag, size in ranked.moved.items() if not fits(size, allowed)}
    return [i for i in kept if ranked.tags[i] not in far]


def _versions_within(policy: Policy, allowed: Size, ranked: Ranked, current: str) -> list[int]:
    if ranked.numbers is not None:
        if ranked.current_numbers is None:
            return list(range(len(ranked.tags)))
        count = kept_numbers(allowed, of_platform=ranked.of_platform)
        same = ranked.current_numbers[:count]
        return [i for i, numbers in enumerate(ranked.numbers) if numbers[:count] == same]
    # An order without versions may lead anywhere, and from there to any version: a step that has
    # no size is too large for a current tag that has one.
    if not has_size(policy, current):
        return list(range(len(ranked.tags)))
    within = is_within(policy, allowed, current)
    return [i for i, tag in enumerate(ranked.tags) if within(tag)]


def drop_moved(policy: Policy, ranked: Ranked, current: str | None, refusals: Refusals) -> Ranked:
    """What is on another platform, where it need not be.

    It may come only with a newer version, and only when no newer one is on the current platform.
    """
    if not ranked.moved or policy.variant != "same" or ranked.current is None:
        return ranked
    moved, limit = ranked.moved, ranked.current[:-1]
    staying: list[int] = []
    going: list[int] = []
    for position, tag in enumerate(ranked.tags):
        (going if tag in moved else staying).append(position)

    def is_newer(position: int) -> bool:
        return is_better(ranked.keys[position][:-1], limit, descending=policy.descending)

    has_newer = any(map(is_newer, staying))
    kept = staying if has_newer else sorted([*staying, *filter(is_newer, going)])
    reason = f"another platform than that of {current}, without a newer version"
    if has_newer:
        reason = f"another platform than that of {current}, which has newer versions too"
    _refuse_others(ranked, kept, refusals, "variant", reason)
    return keep(ranked, kept)


def _kind(policy: Policy, ranked: Ranked, position: int, current: str) -> UpdateType:
    tag = ranked.tags[position]
    if ranked.numbers is not None and ranked.current_numbers is not None:
        old, new = ranked.current_numbers, ranked.numbers[position]
        return larger(ranked.moved.get(tag), step(old, new, of_platform=ranked.of_platform))
    if tag in ranked.moved:
        return ranked.moved[tag]
    return update_type_of(policy, current, tag, ranked.reading)


def _refuse_others(
    ranked: Ranked, kept: Sequence[int], refusals: Refusals, rule: str, reason: str
) -> None:
    if len(kept) < len(ranked.tags):
        among = set(kept)
        others = [tag for i, tag in enumerate(ranked.tags) if i not in among]
        refusals.add(rule, others, reason)


def _best_newer(
    policy: Policy, ranked: Ranked, positions: Sequence[int], current: str | None
) -> int | None:
    """The best of these that is better than the current tag; None when none is."""
    if ranked.current is None or not positions:
        return None
    choose: Any = min if policy.descending else max
    best: int = choose(positions, key=lambda i: (ranked.keys[i], ranked.tags[i]))
    better = is_better(ranked.keys[best], ranked.current, descending=policy.descending)
    return best if better and ranked.tags[best] != current else None


def _ignored_by(
    policy: Policy, entries: Sequence[Ignored], tag: str, text: str, reading: Reading
) -> int | None:
    """The position of the first entry that names a tag."""
    key = _version_key(policy, text, reading) if any(entry.range for entry in entries) else None
    for position, entry in enumerate(entries):
        if entry.versions in (tag, registry_tag(tag)):
            return position
        # A pre-release goes with the release that it leads to: 1.4.0-rc.1 is below 1.4, and of it.
        if key is None or entry.range is None:
            continue
        strict = policy.version_syntax == "strict"
        versions = entry.range if strict else natural_range(entry.range)
        if versions.allows_key(key) or versions.allows_key((*key[:3], RELEASE)):
            return position
    return None


def _version_key(policy: Policy, text: str, reading: Reading) -> Key | None:
    """What ranges in `ignore` look at; those of `semver` look at the same."""
    if policy.version_syntax == "strict":
        version = read_strict(text)
        return (*version[0], version[1]) if version else None
    layout = reading.layout_of(text)
    return (*pad(layout.numbers_of(text)), stage_pre(layout, text)) if layout else None


def _ignored_reason(entry: Ignored) -> str:
    until = f" until {entry.until}" if entry.until else ""
    because = f": {entry.reason}" if entry.reason else ""
    return f"ignored{until}{because}"


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) + timedelta(days=1) if day else None
