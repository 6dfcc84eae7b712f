"""Candidates that an order cannot tell apart, and that may be different images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagebot.policy.model import TIMED_ORDERS, Policy
from imagebot.policy.ranking import Pool, Ranked, pick

_MOST = 100
"""No more candidates are ever examined."""


def find_ties(
    policy: Policy, ranked: Ranked, pool: Pool, best: Sequence[int]
) -> tuple[tuple[str, ...], ...]:
    """The groups of two or more among the best candidates, each in byte order.

    `best` are the positions of the tags that may take the current one's place, the best first.

    Equal versions in other spellings are one image by their names. What is equal only in its time,
    in what was extracted, or but for a hash need not be.
    """
    # Equal ones are side by side; nearly always there are none.
    if _all_differ(pick(best[: _MOST + 1], ranked.keys)):
        return ()
    by_key: dict[Any, list[str]] = {}
    for count, position in enumerate(best):
        key = ranked.keys[position]
        if count >= _MOST and key not in by_key:
            break
        by_key.setdefault(key, []).append(ranked.tags[position])
    groups = [sorted(group) for group in by_key.values() if len(group) > 1]
    if not groups:
        return ()
    texts = {} if pool.tags is pool.texts else dict(zip(pool.tags, pool.texts, strict=True))
    found = (tuple(group) for group in groups if _may_differ(policy, ranked, group, texts))
    return tuple(sorted(found))


def _all_differ(keys: Sequence[Any]) -> bool:
    return len(set(keys)) == len(keys)


def is_same_version(policy: Policy, ranked: Ranked, current: str | None, tag: str) -> bool:
    """Whether a tag that is equal to the current one differs in nothing but how it is written."""
    return current is None or not _may_differ(policy, ranked, (current, tag), {})


def _may_differ(
    policy: Policy, ranked: Ranked, group: Sequence[str], texts: Mapping[str, str]
) -> bool:
    if policy.order in TIMED_ORDERS or (policy.pattern is not None and policy.pattern.extract):
        return True
    hidden = ranked.hidden
    return hidden is not None and len({hidden(texts.get(tag, tag)) for tag in group}) > 1
