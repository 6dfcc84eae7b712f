"""What a plan keeps back for now or for good, in one list: it is shown in every output. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from imagebot.manifest.images.field import ImageField
from imagebot.plan.model import Kept, Plan, PlanTarget, Update
from imagebot.policy.model import Rejection
from imagebot.policy.rejections import Rejections
from imagebot.values import dataclass

CODES = frozenset({"rolled-back", "refused", "min-age", "window", "limit"})
"""The codes of what is withheld: by people, until it is old enough, until its time or turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A tag that a field does not get, and why; `tag` is None where only the digest would change.

    `until` is when time alone lifts it, None where it does not or nobody knows. Also a field that
    is updated may wait for something newer.
    """

    target: PlanTarget
    field: ImageField
    route: str
    tag: str | None
    code: str
    reason: str
    until: datetime | None = None


def withheld(plan: Plan) -> tuple[Withheld, ...]:
    """In the order of the updates, then of the kept fields."""
    return (*_newer(plan), *_kept(plan))


def _newer(plan: Plan) -> Iterator[Withheld]:
    """What is newer than an update, and too young yet."""
    for update in plan.updates:
        # Few decisions have a time; only those are worth looking into.
        rejection = _young(update) if update.decision.eligible_at is not None else None
        if rejection is not None:
            yield Withheld(
                target=update.target,
                field=update.field,
                route=update.route,
                tag=rejection.tag,
                code=rejection.rule,
                reason=rejection.reason,
                until=rejection.eligible_at,
            )


def _kept(plan: Plan) -> Iterator[Withheld]:
    for kept in plan.kept:
        decision = kept.decision
        if decision.code not in CODES:
            continue
        rejection = first_rejection(kept, decision.code)
        yield Withheld(
            target=kept.target,
            field=kept.field,
            route=kept.route,
            tag=rejection.tag if rejection else None,
            code=decision.code,
            reason=rejection.reason if rejection else decision.reason,
            until=decision.eligible_at,
        )


def _young(update: Update) -> Rejection | None:
    return first_rejection(update, "min-age")


def first_rejection(entry: Update | Kept, rule: str) -> Rejection | None:
    """The best tag that a rule rejected: gates and vetoes reject one at a time, the best first."""
    rejections = entry.decision.rejections
    if not isinstance(rejections, Rejections):
        return next((each for each in rejections if each.rule == rule), None)
    found = (block for block in rejections.blocks if block.rule == rule and block.tags)
    return next((block.rejection(block.tags[0]) for block in found), None)
