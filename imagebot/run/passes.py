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
from imagebot.plan.build import Draft, draft
from imagebot.plan.limits import within_limits
from imagebot.plan.model import Plan, Published, merge_plans
from imagebot.publish.holding import find_held, find_settled
from imagebot.publish.target import publish_plan
from imagebot.registry.api import Registry
from imagebot.registry.memo import OncePerPass
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
class Outcome:
    """What a pass did: the plan that it went by, and what became of it."""

    plan: Plan
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
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


def run_pass(setting: Setting) -> Outcome:
    """Read, plan and publish every target; in the order of the targets."""
    outcomes = _each_target(setting, _run_target)
    return Outcome(
        merge_plans(outcome.plan for outcome in outcomes),
        tuple(entry for outcome in outcomes for entry in outcome.published),
    )


def draft_pass(setting: Setting) -> tuple[Draft, ...]:
    """As `run_pass`, but stopping before anything is published."""
    return _each_target(setting, _draft_target)


def _each_target(setting: Setting, work: Callable[[Target, Setting], T]) -> tuple[T, ...]:
    shared = replace(setting, registry=OncePerPass(setting.registry))
    targets = setting.bot.targets
    return tuple(
        map_at_once(lambda target: work(target, shared), targets, workers=_TARGETS_AT_ONCE)
    )


def _run_target(target: Target, setting: Setting) -> Outcome:
    try:
        with _checkout(target, setting) as checkout:
            return _publish_with_tries(target, checkout, setting)
    except ImagebotError as error:
        return Outcome(_failed(target, error))


def _draft_target(target: Target, setting: Setting) -> Draft:
    try:
        with _checkout(target, setting) as checkout:
            ready = _prepare(target, checkout, setting)
            return Draft(ready.plan, ready.changes)
    except ImagebotError as error:
        return Draft(_failed(target, error), ())


@contextmanager
def _checkout(target: Target, setting: Setting) -> Iterator[Checkout]:
    access = access_for(target.credential, setting.environment)
    with open_checkout(setting.cache, target.url, target.branch, access) as checkout:
        yield checkout


@dataclass(frozen=True, slots=True)
class _Ready:
    """A draft held against the target's limits: `allowed` is the part that may be published."""

    plan: Plan
    allowed: Plan
    changes: tuple[FileChange, ...]
    configuration: Configuration


def _publish_with_tries(target: Target, checkout: Checkout, setting: Setting) -> Outcome:
    """Somebody else's push between our look and our push means: look and plan again."""
    for tries in range(1, _MOST_TRIES + 1):
        ready = _prepare(target, checkout, setting)
        paused = target.paused or ready.configuration.paused
        if paused:
            note = f"{target.name} is paused, nothing was published: {paused}"
            return Outcome(replace(ready.plan, warnings=(*ready.plan.warnings, note)))
        if ready.plan.updates and not ready.allowed.updates:
            return Outcome(ready.plan)
        try:
            published, problems = _publish(target, checkout, ready, setting)
        except PushRejectedError as error:
            if error.kind not in ("behind", "race") or tries == _MOST_TRIES:
                raise
            longest = min(_LONGEST_PAUSE, 0.05 * 2**tries)
            setting.sleep(random.uniform(0, longest))  # noqa: S311 - jitter, not a secret
            continue
        plan = replace(ready.plan, problems=(*ready.plan.problems, *problems))
        return Outcome(plan, published)
    raise AssertionError("the last try returns or raises")


def _publish(
    target: Target, checkout: Checkout, ready: _Ready, setting: Setting
) -> tuple[tuple[Published, ...], tuple[Problem, ...]]:
    return publish_plan(
        ready.allowed,
        ready.changes,
        ready.configuration,
        checkout,
        open_forge(target, setting.environment),
        target=target.name,
        when=setting.now,
    )


def _prepare(target: Target, checkout: Checkout, setting: Setting) -> _Ready:
    checkout.refresh()
    configuration = target_configuration(checkout, target, setting.bot.inline or setting.fallback)

    def forge() -> Forge | None:
        return open_forge(target, setting.environment)

    scans = load_scan_cache(_scans_path(target, setting))
    drafted = draft(
        CheckoutSource(checkout, configuration.files),
        configuration,
        setting.registry,
        now=setting.now,
        target=target.name,
        identity=identity_of(target.url, target.branch),
        limits=target.limits,
        scans=scans,
        progress=setting.progress,
        hold=lambda updates: find_held(updates, configuration, checkout, forge, target=target.name),
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
    return _Ready(plan, replace(plan, updates=limited.allowed), changes, configuration)


def _scans_path(target: Target, setting: Setting) -> Path:
    """Beside the target's checkout in the cache, and guarded by the same lock."""
    name = hashlib.sha256(f"{target.url}\0{target.branch}".encode()).hexdigest()[:16]
    return setting.cache / "scans" / f"{name}.json"


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
