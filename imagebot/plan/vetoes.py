"""Updates that are held: chosen by their policies, refused by people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge

from imagebot.errors import Problem
from imagebot.plan.model import Kept, Plan, Update
from imagebot.policy.model import Rejection
from imagebot.policy.rejections import refused_later


@dataclass(frozen=True, slots=True)
class Veto:
    """Why an update is not to be made; `code` is also the rule that refuses its tag."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetoes:
    """What is held, by the ids of the updates, and what could not be found out."""

    held: Mapping[str, Veto] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


Hold = Callable[[Sequence[Update]], Vetoes]


def apply_vetoes(plan: Plan, hold: Hold) -> Plan:
    """The plan with every held update kept instead, in its place among the kept fields."""
    if not plan.updates:
        return plan
    holding = hold(plan.updates)
    kept = [_kept(each, holding.held[each.id]) for each in plan.updates if each.id in holding.held]
    return replace(
        plan,
        updates=tuple(each for each in plan.updates if each.id not in holding.held),
        kept=tuple(merge(plan.kept, kept, key=_place)),
        problems=(*plan.problems, *holding.problems),
    )


def _kept(update: Update, held: Veto) -> Kept:
    tag = update.tag
    refused = () if tag is None else (Rejection(tag, held.code, held.reason),)
    return Kept(
        target=update.target,
        field=update.field,
        policy=update.policy,
        code=held.code,
        reason=held.reason,
        candidates=tuple(each for each in update.candidates if each != tag),
        rejections=refused_later(update.rejections, refused),
    )


def _place(kept: Kept) -> tuple[bytes, int, int]:
    """In Git's order of paths."""
    return kept.field.path.encode(), kept.field.line, kept.field.column
