"""Candidates that an order cannot tell apart, and that may be different images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagebot.policy.model import TIMED_ORDERS, Policy
from imagebot.policy.ranking import Pool, Ranked

_MOST = 100
"""No more candidates are ever examined."""


def find_ties(
    policy: Policy, ranked: Ranked, pool: Pool, successors: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The groups of two or more among the best candidates, each in byte order.

    Equal versions in other spellings are one image by their names. What is equal only in its time,
    in what was extracted, or but for a hash need not be.
    """
    best = set(successors[:_MOST])
    by_key: dict[Any, list[str]] = {}
    for tag, key in zip(ranked.tags, ranked.keys, strict=True):
        if tag in best:
            by_key[key] = []
    if len(by_key) == len(best) < _MOST:
        return ()
    for tag, key in zip(ranked.tags, ranked.keys, strict=True):
        if key in by_key:
            by_key[key].append(tag)
    groups = [group for group in by_key.values() if len(group) > 1]
    texts = {} if pool.tags is pool.texts or not groups else _texts(pool)
    return tuple(
        sorted(
            tuple(sorted(group)) for group in groups if _may_differ(policy, ranked, group, texts)
        )
    )


def _texts(pool: Pool) -> dict[str, str]:
    return dict(zip(pool.tags, pool.texts, strict=True))


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
