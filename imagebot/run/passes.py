"""One pass over the targets: read, plan, publish.

A target that fails never stops the others; what failed is a problem in the plan that comes back.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from imagebot.config.model import BotConfiguration, Configuration, Target
from imagebot.errors import ConfigurationError, ImagebotError, Problem, PushRejectedError
from imagebot.files.rewrite import FileChange
from imagebot.forge.model import Forge
from imagebot.forge.open import open_forge
from imagebot.git.address import identity_of
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.parallel.threads import Progress, map_at_once
from imagebot.plan.build import PlanWithEdits, build_plan
from imagebot.plan.limits import within_limits
from imagebot.plan.model import Plan, Published, merge_plans
from imagebot.publish.holding import find_settled, find_vetoes
from imagebot.publish.target import publish_plan
from imagebot.registry.api import Registry
from imagebot.registry.memo import Memo
from imagebot.run.target import target_configuration
from imagebot.scan.cache import load_scan_cache
from imagebot.scan.checkout import CheckoutSource

T = TypeVar("T")

# A push that lost a race is planned again this often; measured with full jitter, two or three
# tries are the rule even with six bots at once.
_MOST_TRIES = 8
_LONGEST_PAUSE = 4.0
_TARGETS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass did: the plan that it went by, and what became of it."""

    plan: Plan
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassContext:
    """What every target of a pass shares.

    `fallback` governs targets that have no configuration, nor the bot's own file one for them.
    """

    bot: BotConfiguration
    registry: Registry
    environment: Mapping[str, str]
    cache: Path
    now: datetime
    fallback: Configuration | None = None
    progress: Progress | None = None
    sleep: Callable[[float], None] = time.sleep


def run_pass(context: PassContext) -> PassResult:
    """Read, plan and publish every target; in the order of the targets."""
    outcomes = _each_target(context, _run_target)
    return PassResult(
        merge_plans(outcome.plan for outcome in outcomes),
        tuple(entry for outcome in outcomes for entry in outcome.published),
    )


def draft_pass(context: PassContext) -> tuple[PlanWithEdits, ...]:
    """As `run_pass`, but stopping before anything is published."""
    return _each_target(context, _draft_target)


def _each_target(context: PassContext, work: Callable[[Target, PassContext], T]) -> tuple[T, ...]:
    shared = replace(context, registry=Memo(context.registry))
    targets = context.bot.targets
    return tuple(
        map_at_once(lambda target: work(target, shared), targets, workers=_TARGETS_AT_ONCE)
    )


def _run_target(target: Target, context: PassContext) -> PassResult:
    try:
        with _checkout(target, context) as checkout:
            return _publish_with_tries(target, checkout, context)
    except ImagebotError as error:
        return PassResult(_failed(target, error))


def _draft_target(target: Target, context: PassContext) -> PlanWithEdits:
    try:
        with _checkout(target, context) as checkout:
            ready = _prepare(target, checkout, context)
            return PlanWithEdits(ready.plan, ready.changes)
    except ImagebotError as error:
        return PlanWithEdits(_failed(target, error), ())


@contextmanager
def _checkout(target: Target, context: PassContext) -> Iterator[Checkout]:
    access = access_for(target.credential, context.environment)
    with open_checkout(context.cache, target.url, target.branch, access) as checkout:
        yield checkout


@dataclass(frozen=True, slots=True)
class LimitedPlan:
    """A draft held against the target's limits: `allowed` is the part that may be published."""

    plan: Plan
    allowed: Plan
    changes: tuple[FileChange, ...]
    configuration: Configuration


def _publish_with_tries(target: Target, checkout: Checkout, context: PassContext) -> PassResult:
    """Somebody else's push between our look and our push means: look and plan again."""
    for tries in range(1, _MOST_TRIES + 1):
        ready = _prepare(target, checkout, context)
        paused = target.paused or ready.configuration.paused
        if paused:
            note = f"{target.name} is paused, nothing was published: {paused}"
            return PassResult(replace(ready.plan, warnings=(*ready.plan.warnings, note)))
        if ready.plan.updates and not ready.allowed.updates:
            return PassResult(ready.plan)
        try:
            published, problems = _publish(target, checkout, ready, context)
        except PushRejectedError as error:
            if error.kind not in ("behind", "race") or tries == _MOST_TRIES:
                raise
            longest = min(_LONGEST_PAUSE, 0.05 * 2**tries)
            context.sleep(random.uniform(0, longest))  # noqa: S311 - jitter, not a secret
            continue
        plan = replace(ready.plan, problems=(*ready.plan.problems, *problems))
        return PassResult(plan, published)
    raise AssertionError("the last try returns or raises")


def _publish(
    target: Target, checkout: Checkout, ready: LimitedPlan, context: PassContext
) -> tuple[tuple[Published, ...], tuple[Problem, ...]]:
    return publish_plan(
        ready.allowed,
        ready.changes,
        ready.configuration,
        checkout,
        open_forge(target, context.environment),
        target=target.name,
        when=context.now,
    )


def _prepare(target: Target, checkout: Checkout, context: PassContext) -> LimitedPlan:
    checkout.refresh()
    configuration = target_configuration(checkout, target, context.bot.inline or context.fallback)

    def forge() -> Forge | None:
        return open_forge(target, context.environment)

    scans = load_scan_cache(_scans_path(target, context))
    drafted = build_plan(
        CheckoutSource(checkout, configuration.files),
        configuration,
        context.registry,
        now=context.now,
        target=target.name,
        identity=identity_of(target.url, target.branch),
        limits=target.limits,
        scans=scans,
        progress=context.progress,
        hold=lambda updates: find_vetoes(
            updates, configuration, checkout, forge, target=target.name
        ),
    )
    scans.save()
    limited = within_limits(
        drafted.plan.updates,
        target.limits,
        configuration.routes,
        target.name,
        settled=lambda updates: find_settled(
            replace(drafted.plan, updates=updates),
            configuration,
            checkout,
            forge,
            target=target.name,
        ),
    )
    plan = replace(drafted.plan, problems=(*drafted.plan.problems, *limited.problems))
    ids = {update.id for update in limited.allowed}
    changes = tuple(change for change in drafted.changes if ids.issuperset(change.updates))
    return LimitedPlan(plan, replace(plan, updates=limited.allowed), changes, configuration)


def _scans_path(target: Target, context: PassContext) -> Path:
    """Beside the target's checkout in the cache, and guarded by the same lock."""
    name = hashlib.sha256(f"{target.url}\0{target.branch}".encode()).hexdigest()[:16]
    return context.cache / "scans" / f"{name}.json"


def _failed(target: Target, error: ImagebotError) -> Plan:
    if isinstance(error, ConfigurationError):
        messages = [
            (f"{target.name}: {replace(fault, hint='')}", fault.hint) for fault in error.faults
        ]
    else:
        messages = [(f"{target.name}: {error.message}", error.hint)]
    return Plan(
        problems=tuple(
            Problem(
                scope="target", subject=target.name, code=error.code, message=message, hint=hint
            )
            for message, hint in messages
        )
    )
