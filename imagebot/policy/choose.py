"""Which tag a policy takes of a repository's, and why not the others. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from imagebot.policy import timed
from imagebot.policy.adoption import adopts
from imagebot.policy.bounds import (
    BlockedTag,
    drop_ignored,
    drop_larger,
    drop_lower,
    drop_moved,
)
from imagebot.policy.charts import filter_for, spelled_as
from imagebot.policy.filters import read_text
from imagebot.policy.floating import is_floating
from imagebot.policy.model import TIMED_ORDERS, Choice, Policy
from imagebot.policy.orders import order_of
from imagebot.policy.ranking import Pool, Ranked, is_better, pick
from imagebot.policy.reasons import why_first, why_kept, why_moved, why_none, why_unordered
from imagebot.policy.rejections import Refusals, Rejections
from imagebot.policy.sorting import best_first
from imagebot.policy.ties import find_ties, is_same_version
from imagebot.policy.unordered import choose_followed, choose_none
from imagebot.reference import Reference

__all__ = ["choose", "timed_candidates"]


def choose(
    policy: Policy,
    tags: Sequence[str],
    current: Reference,
    *,
    today: date,
    times: Mapping[str, datetime] | None = None,
) -> Choice:
    """Rank a repository's tags, in any order and with repetitions, for one field.

    `times` are what the policy's order by time needs, for each of `timed_candidates`. `today`
    (in UTC) decides which entries of `ignore` still hold. The tags of a chart are answered as its
    versions.
    """
    if policy.ignored:
        return Choice((), Rejections(), "ignored", "left alone by the policy")
    tags = spelled_as(current, tags)
    if policy.follow is not None:
        return choose_followed(policy, tags, current)
    pinned = current.tag if current.digest is not None else None
    floating = pinned is not None and is_floating(pinned, tags)
    if policy.order == "none":
        choice = choose_none(policy, tags, current)
        depends = pinned is not None and policy.pin is None and not floating
    else:
        adopt = adopts(policy, current, floating=floating)
        choice = _choose(policy, tags, current, today, times or {}, adopt=adopt)
        # The version of a moving tag may be one of those that the list has lost.
        depends = not choice.moves or policy.version_of is not None
    if depends and not _can_tell(tags, current.tag, choice):
        choice = _undecided(choice, tags, current.tag)
    listed = not tags or current.tag is None or current.tag in tags
    if listed and not floating:
        return choice
    return replace(choice, floating=floating, current_listed=listed)


def _drop(moving: str, pool: Pool, refusals: Refusals) -> Pool:
    kept = [i for i, tag in enumerate(pool.tags) if tag != moving]
    if len(kept) == len(pool.tags):
        return pool
    refusals.add("version-of", [moving], "it is the tag whose version is wanted")
    return Pool(pick(kept, pool.tags), pick(kept, pool.texts))


def _can_tell(tags: Sequence[str], current: str | None, choice: Choice) -> bool:
    """Whether a list without a better tag says that there is none.

    One that has lost the current tag, too, may be of another repository, or half of a list. So may
    one in which nothing can take the place of a tag that is not given.
    """
    if not tags:
        return False
    return not choice.allows_none if current is None else current in tags


def _choose(
    policy: Policy,
    tags: Sequence[str],
    current: Reference,
    today: date,
    times: Mapping[str, datetime],
    *,
    adopt: bool,
) -> Choice:
    refusals = Refusals()
    pool = filter_for(current, policy, tags, refusals)
    if policy.version_of is not None:
        pool = _drop(policy.version_of, pool, refusals)
    ranked = _rank(policy, pool, current.tag, refusals, times)
    if tags and not ranked.tags and not _keeps(policy, current, ranked, adopt=adopt):
        rejections = refusals.freeze()
        reason = why_none(policy, current, ranked, rejections)
        return Choice((), rejections, "no-candidate", reason, allows_none=True)
    compared = ranked
    ranked = drop_lower(policy, ranked, current.tag, refusals)
    blocked: list[BlockedTag] = []
    ranked = drop_ignored(policy, ranked, pool, current.tag, today, refusals, blocked)
    ranked = drop_larger(policy, ranked, current.tag, refusals, blocked)
    ranked = drop_moved(policy, ranked, current.tag, refusals)
    order = best_first(ranked, current.tag, descending=policy.descending)
    candidates = tuple(pick(order, ranked.tags))
    outcome = _settle(policy, tags, current, ranked, order, blocked, adopt=adopt)
    best = order[: outcome.successors]
    rejections = refusals.freeze()
    reason = outcome.reason
    if outcome.code == "current" and tags:
        reason = why_kept(policy, tags, current, compared, candidates, rejections)
    return Choice(
        candidates,
        rejections,
        outcome.code,
        reason,
        candidates[: outcome.successors],
        outcome.eligible_at,
        tied=find_ties(policy, ranked, pool, best),
        reading=ranked.reading,
    )


def _undecided(choice: Choice, tags: Sequence[str], current: str | None) -> Choice:
    code, reason, absent = choice.code, choice.reason, "the registry does not list"
    if not tags:
        code, reason = "no-candidate", "the repository has no tags"
    elif current is not None and absent not in reason:
        reason += f"; {absent} {current}"
    return replace(choice, code=code, reason=reason, settled=False)


def _keeps(policy: Policy, reference: Reference, ranked: Ranked, *, adopt: bool) -> bool:
    """Whether there is a reason for the current tag to stay besides that nothing else is there.

    A tag that the registry has lost may still be one that the policy takes.
    """
    current = reference.tag
    if current is None:
        return not adopt
    if policy.order in TIMED_ORDERS:
        return read_text(policy, current) is not None
    if ranked.current is None:
        return not adopt or _stays_unordered(policy, current, ranked)
    unused = Refusals()
    alone = filter_for(reference, policy, (current,), unused)
    return bool(_rank(policy, alone, current, unused, {}).tags)


def _stays_unordered(policy: Policy, current: str, ranked: Ranked) -> bool:
    """A hash or a ticket may be there on purpose: only an order that is named replaces it."""
    return policy.order == "shape" and why_unordered(current, ranked.reading) != ""


def timed_candidates(
    policy: Policy, tags: Sequence[str], current: Reference, *, today: date
) -> tuple[str, ...]:
    """For a policy ordered by time: the tags whose times decide, in byte order; else none.

    The current tag is among them where the registry lists it and the policy can compare it.
    """
    if policy.order not in TIMED_ORDERS or policy.ignored or policy.follow is not None:
        return ()
    refusals = Refusals()
    tags = spelled_as(current, tags)
    pool = filter_for(current, policy, tags, refusals)
    ranked = Ranked(pool.tags, pool.tags, None)
    ranked = drop_ignored(policy, ranked, pool, current.tag, today, refusals, [])
    wanted = set(ranked.tags)
    if current.tag in set(tags) and read_text(policy, current.tag) is not None:
        wanted.update(tag for tag in tags if tag == current.tag)
    return tuple(sorted(wanted))


def _rank(
    policy: Policy,
    pool: Pool,
    current: str | None,
    refusals: Refusals,
    times: Mapping[str, datetime],
) -> Ranked:
    text = read_text(policy, current)
    if policy.order in TIMED_ORDERS:
        return timed.rank(policy, pool, current if text is not None else None, refusals, times)
    return order_of(policy.order)(policy, pool, text, refusals)


class _Outcome(NamedTuple):
    """What becomes of the current tag; `successors` counts the candidates that may replace it."""

    code: str
    reason: str = ""
    successors: int = 0
    eligible_at: datetime | None = None


def _settle(
    policy: Policy,
    tags: Sequence[str],
    reference: Reference,
    ranked: Ranked,
    order: Sequence[int],
    blocked: list[BlockedTag],
    *,
    adopt: bool,
) -> _Outcome:
    """`order` are the positions of the ranked tags, the best first."""
    current = reference.tag
    best = ranked.tags[order[0]] if order else None
    if ranked.current is None:
        code, reason = why_first(policy, tags, reference, ranked, best, adopt=adopt)
        return _Outcome(code, reason, len(order) if code == "adopted" else 0)
    if best is not None and best != current:
        code, count = _successors(policy, tags, current, ranked, order)
        if count:
            return _Outcome(code, why_moved(code, best, current), count)
    if blocked:
        return _Outcome(blocked[0].code, blocked[0].reason, 0, blocked[0].eligible_at)
    if not tags:
        return _Outcome("no-candidate", "the repository has no tags")
    return _Outcome("current")


def _successors(
    policy: Policy, tags: Sequence[str], current: str | None, ranked: Ranked, order: Sequence[int]
) -> tuple[str, int]:
    """A code, and how many of the first tags in this order may take the current one's place."""
    keys, now, descending = ranked.keys, ranked.current, policy.descending
    better = bisect_left(order, 1, key=lambda i: not is_better(keys[i], now, descending=descending))
    if better:
        return "newer", better
    if current in set(ranked.tags):
        return "current", 0
    equal = sum(1 for i in order if keys[i] == now)
    if equal:
        # The same version by another name is worth a change only where the policy refuses the
        # current tag: a registry that has lost it for an hour is not a reason.
        first = pick(order[:equal], ranked.tags)
        is_same = all(is_same_version(policy, ranked, current, tag) for tag in first)
        return "equivalent", equal if current in set(tags) and is_same else 0
    return "downgraded", len(order)
