"""Which tag a policy takes of a repository's, and why not the others. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from imagebot.policy import alphabetical, calver, natural, numerical, semver, timed
from imagebot.policy.adoption import adopts
from imagebot.policy.bounds import BlockedTag, drop_ignored, drop_larger, drop_lower
from imagebot.policy.filters import filter_tags, read_text
from imagebot.policy.floating import is_floating
from imagebot.policy.model import TIMED_ORDERS, Choice, Policy
from imagebot.policy.model import Order as OrderName
from imagebot.policy.ranking import Order, Pool, Ranked, pick
from imagebot.policy.rejections import Refusals, Rejections, count_by_rule
from imagebot.policy.sorting import best_first
from imagebot.policy.unordered import choose_followed, choose_none
from imagebot.reference import Reference
from imagebot.version.shape import is_hash

__all__ = ["choose", "timed_candidates"]

_ORDERS: Mapping[OrderName, Order] = {
    "shape": natural.rank,
    "natural": natural.rank,
    "semver": semver.rank,
    "numerical": numerical.rank,
    "alphabetical": alphabetical.rank,
    "calver": calver.rank,
}


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
    (in UTC) decides which entries of `ignore` still hold.
    """
    if policy.ignored:
        return Choice((), Rejections(), "ignored", "left alone by the policy")
    if policy.follow is not None:
        return choose_followed(policy, tags, current)
    pinned = current.tag if current.digest is not None else None
    floating = pinned is not None and is_floating(pinned, tags)
    if policy.order == "none":
        choice = choose_none(policy, tags, current)
    else:
        policy = replace(policy, adopt=adopts(policy, current, floating=floating))
        choice = _choose(policy, tags, current, today, times or {})
        if not choice.moves and not _can_tell(tags, current.tag):
            choice = _undecided(choice, tags, current.tag)
    return replace(choice, floating=floating) if floating else choice


def _drop(moving: str, pool: Pool, refusals: Refusals) -> Pool:
    kept = [i for i, tag in enumerate(pool.tags) if tag != moving]
    if len(kept) == len(pool.tags):
        return pool
    refusals.add("version-of", [moving], "it is the tag whose version is wanted")
    return Pool(pick(kept, pool.tags), pick(kept, pool.texts))


def _can_tell(tags: Sequence[str], current: str | None) -> bool:
    """Whether a list without a better tag says that there is none.

    One that has lost the current tag, too, may be of another repository, or half of a list.
    """
    return bool(tags) and (current is None or current in tags)


def _choose(
    policy: Policy,
    tags: Sequence[str],
    current: Reference,
    today: date,
    times: Mapping[str, datetime],
) -> Choice:
    refusals = Refusals()
    pool = filter_tags(policy, tags, refusals)
    if policy.version_of is not None:
        pool = _drop(policy.version_of, pool, refusals)
    ranked = _rank(policy, pool, current.tag, refusals, times)
    if tags and not ranked.tags and not _keeps(policy, current.tag, ranked):
        return _none_allowed(current.tag, refusals.freeze())
    ranked = drop_lower(policy, ranked, current.tag, refusals)
    blocked: list[BlockedTag] = []
    ranked = drop_ignored(policy, ranked, pool, current.tag, today, refusals, blocked)
    ranked = drop_larger(policy, ranked, current.tag, refusals, blocked)
    return _settle(policy, tags, current, ranked, blocked, refusals)


def _undecided(choice: Choice, tags: Sequence[str], current: str | None) -> Choice:
    reason = choice.reason
    if tags and choice.code != "current":  # that says so itself
        reason += f"; the registry does not list {current}"
    return replace(choice, reason=reason, settled=False)


def _keeps(policy: Policy, current: str | None, ranked: Ranked) -> bool:
    """Whether there is a reason for the current tag to stay besides that nothing else is there.

    A tag that the registry has lost may still be one that the policy takes.
    """
    if current is None:
        return not policy.adopt
    if policy.order in TIMED_ORDERS:
        return read_text(policy, current) is not None
    if ranked.current is None:
        return not policy.adopt or (is_hash(current) and policy.order == "shape")
    unused = Refusals()
    alone = filter_tags(policy, (current,), unused)
    return bool(_rank(policy, alone, current, unused, {}).tags)


def _none_allowed(current: str | None, rejections: Rejections) -> Choice:
    refused = count_by_rule(rejections)
    beside = f", nor the current {current}" if current is not None else ""
    count = len(rejections)
    none = f"none of the {count} tags" if count != 1 else "not the only tag"
    reason = f"the policy allows {none}{beside} (refused: {refused})"
    return Choice((), rejections, "no-candidate", reason, allows_none=True)


def timed_candidates(
    policy: Policy, tags: Sequence[str], current: Reference, *, today: date
) -> tuple[str, ...]:
    """For a policy ordered by time: the tags whose times decide, in byte order; else none.

    The current tag is among them where the registry lists it and the pattern fits it.
    """
    if policy.order not in TIMED_ORDERS or policy.ignored or policy.follow is not None:
        return ()
    refusals = Refusals()
    pool = filter_tags(policy, tags, refusals)
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
    return _ORDERS[policy.order](policy, pool, text, refusals)


def _settle(
    policy: Policy,
    tags: Sequence[str],
    reference: Reference,
    ranked: Ranked,
    blocked: list[BlockedTag],
    refusals: Refusals,
) -> Choice:
    """Candidates best first, and what becomes of the current tag."""
    current = reference.tag
    order = best_first(ranked, current, descending=policy.descending)
    candidates = tuple(pick(order, ranked.tags))
    rejections = refusals.freeze()
    if ranked.current is None:
        code, reason = _first_adoption(policy, tags, reference, candidates)
        successors = candidates if code == "adopted" else ()
        return Choice(candidates, rejections, code, reason, successors)
    if candidates and candidates[0] != current:
        code, count = _successors(policy, tags, current, ranked, order)
        if count:
            reason = _REASONS[code].format(best=candidates[0], current=current)
            return Choice(candidates, rejections, code, reason, candidates[:count])
    if blocked:
        first = blocked[0]
        return Choice(candidates, rejections, first.code, first.reason, (), first.eligible_at)
    return Choice(candidates, rejections, *_kept(tags, current, candidates))


_REASONS = {
    "newer": "{best} is the newest tag the policy allows",
    "equivalent": "{best} is the same version as {current}, which the policy does not allow",
    "downgraded": "{best} is the newest tag the policy allows, and it may go back",
}


def _successors(
    policy: Policy, tags: Sequence[str], current: str | None, ranked: Ranked, order: Sequence[int]
) -> tuple[str, int]:
    """A code, and how many of the first tags in this order may take the current one's place."""
    better = bisect_left(
        order, 1, key=lambda i: not _is_better(ranked.keys[i], ranked.current, policy.descending)
    )
    if better:
        return "newer", better
    if current in set(ranked.tags):
        return "current", 0
    equal = sum(1 for i in order if ranked.keys[i] == ranked.current)
    if equal:
        # The same version by another name is worth a change only where the policy refuses the
        # current tag: a registry that has lost it for an hour is not a reason.
        return "equivalent", equal if current in set(tags) else 0
    return "downgraded", len(order)


def _is_better(key: Any, than: Any, descending: bool) -> bool:
    return bool(key < than if descending else key > than)


def _kept(tags: Sequence[str], current: str | None, candidates: tuple[str, ...]) -> tuple[str, str]:
    if not tags:
        return "no-candidate", "the repository has no tags"
    if current in candidates:
        return "current", f"{current} is the newest tag the policy allows"
    if current not in set(tags):
        return "current", f"nothing is newer than {current}, which the registry does not list"
    return "current", f"the policy allows nothing newer than {current}"


def _first_adoption(
    policy: Policy, tags: Sequence[str], reference: Reference, candidates: tuple[str, ...]
) -> tuple[str, str]:
    """Nothing to compare with: no tag, `latest`, a hash, or a tag of another pattern."""
    current = reference.tag
    if not tags:
        return "no-candidate", "the repository has no tags"
    if current is not None and is_hash(current) and policy.order == "shape":
        return "no-order", f"{current} is a hash, and hashes have no order"
    if policy.order in TIMED_ORDERS and read_text(policy, current) is not None:
        return "no-order", f"the time of {current} is unknown, so nothing is known to be newer"
    if not policy.adopt:
        return "no-order", _incomparable(reference)
    if not candidates:
        return "no-candidate", "the policy allows no tag of the repository"
    because = "there is no current tag" if current is None else f"{current} cannot be compared"
    if current is None and reference.digest is not None:
        because = "the digest has no tag to compare with"
    return "adopted", f"{candidates[0]} is the newest tag the policy allows; {because}"


def _incomparable(reference: Reference) -> str:
    if reference.tag is not None:
        return f"{reference.tag} cannot be compared with other tags"
    if reference.digest is not None:
        return "the digest has no tag to compare with: write its tag beside it"
    return "there is no current tag to compare with: give --current, or a policy such as --semver"
