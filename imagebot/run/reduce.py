"""From what the policies want to what a pass may publish: vetoes -> edits -> waits -> limits.

Imported for plans with updates only: most passes have none, and it takes longer than they do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from imagebot.config.model import Configuration, Target
from imagebot.files.rewrite import FileChange
from imagebot.plan.alone import without_alone
from imagebot.plan.edits import PlanWithEdits, edit_plan, keep_edits
from imagebot.plan.limits import LimitedPlan, apply_limits, exceeds_max_updates
from imagebot.plan.model import Plan
from imagebot.plan.vetoes import apply_vetoes
from imagebot.publish.again import Again
from imagebot.publish.context import PublishContext
from imagebot.publish.refusals import BotRequests
from imagebot.publish.vetoes import find_settled, find_vetoes
from imagebot.publish.waits import find_waits
from imagebot.scan.checkout import CheckoutSource
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Reduced:
    """A plan within its limits; `changes` are the files of the allowed updates.

    `requests` are the bot's pull requests, where they were listed; `edited` the files of all
    updates without a veto.
    """

    limited: LimitedPlan
    changes: tuple[FileChange, ...]
    requests: BotRequests | None
    edited: tuple[FileChange, ...]


def reduce_plan(
    plan: Plan,
    source: CheckoutSource,
    configuration: Configuration,
    opened: PublishContext,
    target: Target,
    *,
    now: datetime,
    again: Sequence[Again],
    made_before: Mapping[str, FileChange],
) -> Reduced:
    """What of a plan may be published. Edits that were `made_before` are not made again.

    Limits come last because an update that cannot be made exactly must not count, and must be
    reported also where the others are too many. Raises GitError.
    """
    name = target.name
    found = find_vetoes(
        plan.updates, configuration, opened, now, again, target=name, layers=plan.layers
    )
    edited = edit_plan(
        source, without_alone(apply_vetoes(plan, found.vetoes)), made_before=made_before
    )
    waits = find_waits(
        edited.plan,
        configuration.routes,
        found.requests or BotRequests(),
        target=name,
        base=opened.checkout.branch,
        now=now,
    )
    plan = without_alone(apply_vetoes(edited.plan, waits))
    settled: Collection[str] = ()
    if exceeds_max_updates(len(plan.updates), target.limits):
        listed = replace(opened, requests=found.requests)
        settled = find_settled(plan, configuration, listed, target=name)
    limited = apply_limits(
        plan,
        target.limits,
        configuration.routes,
        name,
        settled=settled,
        companions={
            each.path: beside.path
            for each in edited.changes
            for beside in each.rewrites
            if beside.path != each.path
        },
    )
    kept = keep_edits(PlanWithEdits(limited.allowed, edited.changes))
    limited = LimitedPlan(replace(limited.plan, problems=kept.plan.problems), kept.plan)
    return Reduced(limited, kept.changes, found.requests, edited.changes)
