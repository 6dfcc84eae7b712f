"""Vetoes: what keeps an update back that its policy has chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from heapq import merge

from imagebot.plan.model import Kept, Plan, Update
from imagebot.policy.model import Rejection
from imagebot.policy.rejections import refused_later
from imagebot.problem import Problem
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Veto:
    """Why an update is not to be made; `code` is also the rule that rejects its tag.

    `settled` is false where the veto only covers that somebody could not be asked, or that the
    update has to wait: then nothing is closed because of it. `eligible_at` is when time alone will
    lift it.
    """

    code: str
    reason: str
    settled: bool = True
    eligible_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetoes:
    """The vetoes by the ids of their updates, and what could not be found out.

    `again` are the ids of updates whose veto somebody lifted.
    """

    of: Mapping[str, Veto] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def apply_vetoes(plan: Plan, vetoes: Vetoes) -> Plan:
    """The plan with every vetoed update kept instead, in its place among the kept fields."""
    kept = [_kept(each, vetoes.of[each.id]) for each in plan.updates if each.id in vetoes.of]
    return replace(
        plan,
        updates=tuple(
            replace(each, again=True) if each.id in vetoes.again else each
            for each in plan.updates
            if each.id not in vetoes.of
        ),
        kept=tuple(merge(plan.kept, kept, key=_place)),
        problems=(*plan.problems, *vetoes.problems),
    )


def _kept(update: Update, veto: Veto) -> Kept:
    tag, decision = update.tag, update.decision
    rejected: tuple[Rejection, ...] = ()
    if tag is not None:
        rejected = (Rejection(tag, veto.code, veto.reason, veto.eligible_at),)
    return Kept(
        target=update.target,
        field=update.field,
        route=update.route,
        decision=replace(
            decision,
            tag=None,
            digest=None,
            update_type=None,
            code=veto.code,
            reason=veto.reason,
            settled=veto.settled,
            eligible_at=veto.eligible_at,
            candidates=tuple(each for each in decision.candidates if each != tag),
            rejections=refused_later(decision.rejections, rejected),
        ),
    )


def _place(kept: Kept) -> tuple[bytes, int, int]:
    """In Git's order of paths."""
    return kept.field.path.encode(), kept.field.line, kept.field.column
