"""Candidates that an order cannot tell apart, and that may be different images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from imagebot.policy.model import TIMED_ORDERS, Policy
from imagebot.policy.ranking import Ranked

_MOST = 100
"""No more candidates are ever examined."""


def find_ties(
    policy: Policy, ranked: Ranked, successors: Sequence[str], texts: Mapping[str, str]
) -> tuple[tuple[str, ...], ...]:
    """The groups of two or more among the best candidates, each in byte order.

    Equal versions in other spellings are one image by their names. What is equal only in its time,
    in what was extracted, or but for a hash need not be. `texts` are what the policy reads of the
    tags, where that is not the tag.
    """
    if len(successors) < 2:
        return ()
    keys = dict(zip(ranked.tags, ranked.keys, strict=True))
    end = min(_MOST, len(successors))
    while end < len(successors) and keys[successors[end]] == keys[successors[end - 1]]:
        end += 1
    groups = (tuple(group) for _, group in groupby(successors[:end], key=keys.__getitem__))
    return tuple(
        tuple(sorted(group))
        for group in groups
        if len(group) > 1 and _may_differ(policy, ranked, group, texts)
    )


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
