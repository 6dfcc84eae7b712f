"""One pass over the targets: read, plan, publish.

A target that fails never stops the others, even if it is by a bug; what failed is a problem in the
plan that comes back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imagebot.config.model import BotConfiguration, CommitOptions, Configuration, Target
from imagebot.config.secret import Vault
from imagebot.errors import OUT_OF_SPACE, ConfigurationError, ImagebotError, PushRejectedError
from imagebot.forge.connect import try_forge
from imagebot.git.checkout import open_checkout
from imagebot.git.credentials import access_for
from imagebot.git.tree import Committer, Identity
from imagebot.http.library import load_meanwhile
from imagebot.http.pauses import HeadRoom
from imagebot.parallel.stop import Stop
from imagebot.parallel.threads import Progress, map_at_once
from imagebot.parallel.turns import Turns
from imagebot.plan.build import Built
from imagebot.plan.limits import LimitedPlan
from imagebot.plan.model import Plan, Published, merge_plans, owned_by
from imagebot.plan.questions import Questions
from imagebot.problem import BUG, Problem
from imagebot.publish.context import PublishContext
from imagebot.publish.due import is_anything_due
from imagebot.publish.written import read_written
from imagebot.reference import Repository
from imagebot.registry.api import Registry
from imagebot.run.head import HeadContext, build_head
from imagebot.run.keep import KeptFiles, keep_head, kept_files, remove_left_over
from imagebot.run.target import TreeRead, same_manifest, target_configuration, tree_read
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.kept import prepare_threads
from imagebot.text import excerpt
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.files.rewrite import FileChange
    from imagebot.nudge.model import Nudged
    from imagebot.plan.edits import PlanWithEdits
    from imagebot.publish.again import Again
    from imagebot.publish.refusals import BotRequests

T = TypeVar("T")

# A push that lost a race is planned again this often; measured with full jitter, two or three
# tries are the rule even with six bots at once. Where a machine is so busy that a try takes longer
# than the pause between two pushes of others, twelve tries were not always enough.
_MOST_TRIES = 24
_LONGEST_PAUSE = 4.0
# Targets that read or publish; any number of those below may wait for registries.
_TARGETS_AT_ONCE = 4
_TARGETS_OPEN = 32
_QUICK = 2.0
"""Seconds that git may wait for a remote before another target gets the turn: a Git server
that stalls is waited for a minute, and must not stop the targets of others."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass did: the plan that it went by, and what became of it.

    `asked` are the repositories that registries were asked for, whether or not they answered.
    `head_room` is what registries said last is left of their limits, by `host:port`. `nudged` is
    who was told of the commits. `seconds` has how long each target took, by its name.
    """

    plan: Plan
    published: tuple[Published, ...] = ()
    asked: frozenset[Repository] = frozenset()
    head_room: Mapping[str, HeadRoom] = field(default_factory=dict)
    nudged: tuple[Nudged, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassContext:
    """What every target of a pass shares.

    `registry` answers the same all through the pass (`Memo.for_pass`); `registries` has, by their
    names, the views of targets whose limits let them ask more hosts.
    `fallback` governs targets that have no configuration, nor the bot's own file one for them.
    `vault` gets to know the secrets that are used; once `stop` was asked, nothing more begins.
    `again` names images whose vetoes are lifted.
    `report_bug` writes the log of a bug, and returns where it is.
    """

    bot: BotConfiguration
    registry: Registry
    registries: Mapping[str, Registry] = field(default_factory=dict)
    environment: Mapping[str, str]
    cache: Path
    now: datetime
    fallback: Configuration | None = None
    again: tuple[Again, ...] = ()
    vault: Vault = field(default_factory=Vault, repr=False)
    stop: Stop = field(default_factory=Stop, repr=False)
    report_bug: Callable[[Exception], Path | None] = lambda _error: None
    progress: Progress | None = None
    sleep: Callable[[float], None] = time.sleep
    turns: Turns = field(default_factory=lambda: Turns(_TARGETS_AT_ONCE))


def prepare_passes() -> None:
    """Called before targets are read in several threads at the same time."""
    prepare_threads(Questions)


def run_pass(context: PassContext) -> PassResult:
    """Read, plan and publish every target; in the order of the targets."""
    results = _each_target(context, _run_target)
    plan = merge_plans(result.plan for result in results)
    return PassResult(
        replace(plan, warnings=(*plan.warnings, *_nothing_lifted(plan, context.again))),
        tuple(entry for result in results for entry in result.published),
        asked=frozenset(each for result in results for each in result.asked),
        head_room=context.registry.head_room(),
        seconds={name: taken for each in results for name, taken in each.seconds.items()},
    )


def _nothing_lifted(plan: Plan, again: tuple[Again, ...]) -> Iterator[str]:
    """Warnings for what `--again` had no effect on; what has to wait is listed as withheld."""
    if not again:
        return
    lifted = [update for update in plan.updates if update.again]
    waiting = {kept.field.reference.repository for kept in plan.kept if not kept.decision.settled}
    for each in again:
        if each.image.repository in waiting or any(each.covers(update) for update in lifted):
            continue
        yield f"--again {each.text} has no effect: no rollback or refusal keeps it back now"


def plan_pass(context: PassContext) -> tuple[PlanWithEdits, ...]:
    """As `run_pass`, but stopping before anything is published."""
    return _each_target(context, _plan_target)


def _each_target(context: PassContext, work: Callable[[Target, PassContext], T]) -> tuple[T, ...]:
    def one(target: Target) -> T:
        with context.turns.taken():
            return work(target, context)

    load_meanwhile()  # git is asked first
    if len(context.bot.targets) > 1:
        prepare_passes()
    remove_left_over(context.cache, context.now)
    return tuple(map_at_once(one, context.bot.targets, workers=_TARGETS_OPEN))


def _run_target(target: Target, context: PassContext) -> PassResult:
    began = time.monotonic()
    try:
        with _open_target(target, context) as opened:
            result = _publish_with_tries(target, opened, context)
    except ImagebotError as error:
        result = PassResult(_failed(target, error))
    except Exception as error:  # noqa: BLE001 - a bug ends this target's pass, and no other
        result = PassResult(_broken(target, error, context))
    taken = {target.name: time.monotonic() - began}
    return replace(result, plan=owned_by(target.name, result.plan), seconds=taken)


def _plan_target(target: Target, context: PassContext) -> PlanWithEdits:
    from imagebot.plan.edits import PlanWithEdits

    changes: tuple[FileChange, ...]
    try:
        with _open_target(target, context) as opened:
            prepared = _prepare(target, opened, context)
            plan, changes = prepared.limited.plan, prepared.changes
            if paused := target.paused or prepared.configuration.paused:
                plan = _noting_pause(plan, target, paused)
    except ImagebotError as error:
        plan, changes = _failed(target, error), ()
    except Exception as error:  # noqa: BLE001 - as above
        plan, changes = _broken(target, error, context), ()
    return PlanWithEdits(owned_by(target.name, plan), changes)


@contextmanager
def _open_target(target: Target, context: PassContext) -> Iterator[PublishContext]:
    """The target's checkout and its forge, once for the pass."""
    stop = context.stop
    access = access_for(target.credential, context.environment)
    if target.credential is not None:
        origin = f"credentials.git.{target.credential.name}"
        context.vault.keep(access.token, username=access.username, origin=origin)

    def asking() -> AbstractContextManager[None]:
        return context.turns.given_up_after(_QUICK)

    opening = open_checkout(
        context.cache, target.url, target.branch, access, stop=stop, asking=asking
    )
    with try_forge(target, context.environment, stop) as forge, opening as checkout:
        yield PublishContext(
            checkout,
            forge,
            registry=_registry(target, context),
            waiting=context.turns.given_up,
        )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that comes before publishing; `changes` are the files of the allowed updates.

    `requests` are the bot's pull requests, where they were listed. `read` is what of the target it
    depends on; None where there are no updates. `built` and `edited` are what the policies and the
    vetoes want of it. `files` keep what is known of it.
    """

    configuration: Configuration
    limited: LimitedPlan
    built: Built
    files: KeptFiles
    changes: tuple[FileChange, ...] = ()
    requests: BotRequests | None = None
    read: TreeRead | None = None
    edited: tuple[FileChange, ...] = ()

    @property
    def asked(self) -> frozenset[Repository]:
        return frozenset(query.reference.repository for query in self.built.resolution.of)

    def edits_in(self, read: TreeRead) -> Mapping[str, FileChange]:
        """The edits of files that are the same in what was `read` later, by path."""
        if self.read is None:
            return {}
        then, now = self.read.files, read.files
        return {each.path: each for each in self.edited if same_manifest(each.path, then, now)}


def _prepare(
    target: Target,
    opened: PublishContext,
    context: PassContext,
    earlier: _Prepared | None = None,
) -> _Prepared:
    """The pass up to publishing.

    What an `earlier` one of the same pass decided and edited is not done again.
    """
    checkout = opened.checkout
    checkout.refresh()
    configuration = target_configuration(checkout, target, context.bot.inline or context.fallback)
    checkout.committer = _committer(configuration.commit, context.now)
    source = CheckoutSource(checkout, configuration.files)
    files = earlier.files if earlier else kept_files(context.cache, target)
    asking = HeadContext(
        registry=_registry(target, context),
        now=context.now,
        written=read_written(checkout, files.written),
        waiting=context.turns.given_up,
        progress=context.progress,
    )
    before = earlier.built if earlier else None
    built = build_head(source, configuration, target, files, asking, before)
    if not built.plan.updates:
        return _Prepared(configuration, LimitedPlan(built.plan, built.plan), built, files)
    from imagebot.run.reduce import reduce_plan

    read = tree_read(source, target)
    reduced = reduce_plan(
        built.plan,
        source,
        configuration,
        opened,
        target,
        now=context.now,
        again=context.again,
        made_before=earlier.edits_in(read) if earlier else {},
    )
    return _Prepared(
        configuration,
        reduced.limited,
        built,
        files,
        reduced.changes,
        reduced.requests,
        read,
        reduced.edited,
    )


def _prepare_again(
    earlier: _Prepared, target: Target, opened: PublishContext, context: PassContext
) -> _Prepared:
    """As `_prepare` after a lost push: `earlier` itself, where the other push touched none of it.

    Else only what is new in the files that it touched is decided and edited. While people push all
    the time, who plans for long never comes to push.
    """
    opened.checkout.refresh()
    source = CheckoutSource(opened.checkout, earlier.configuration.files)
    if tree_read(source, target) == earlier.read:
        return replace(earlier, requests=None)  # they may be others by now
    return _prepare(target, opened, context, earlier)


def _committer(options: CommitOptions, now: datetime) -> Committer:
    author = Identity(options.author_name, options.author_email)
    return Committer(Identity(*options.committer), now, author=author)


def _registry(target: Target, context: PassContext) -> Registry:
    return context.registries.get(target.name, context.registry)


def _publish_with_tries(target: Target, opened: PublishContext, context: PassContext) -> PassResult:
    """Look and plan again when somebody else pushed between our look and our push."""
    prepared = _prepare(target, opened, context)
    for tries in range(1, _MOST_TRIES + 1):
        plan, allowed = prepared.limited.plan, prepared.limited.allowed
        paused = target.paused or prepared.configuration.paused
        asked = prepared.asked
        if paused:
            return PassResult(_noting_pause(plan, target, paused), asked=asked)
        if plan.updates and not allowed.updates:
            return PassResult(plan, asked=asked)
        if not is_anything_due(allowed, prepared.configuration, opened):
            return PassResult(plan, asked=asked)
        from imagebot.publish.publish import publish_plan

        try:
            outcome = publish_plan(
                allowed,
                prepared.changes,
                prepared.configuration,
                replace(opened, commit=prepared.configuration.commit, requests=prepared.requests),
                target=target.name,
            )
        except PushRejectedError as error:
            if error.kind not in ("behind", "race") or tries == _MOST_TRIES:
                raise
            longest = min(_LONGEST_PAUSE, 0.05 * 2**tries)
            context.sleep(random.uniform(0, longest))  # noqa: S311 - jitter, not a secret
            prepared = _prepare_again(prepared, target, opened, context)
            continue
        keep_head(opened.checkout, prepared.configuration, target, prepared.files)
        plan = replace(
            plan,
            problems=(*plan.problems, *outcome.problems),
            warnings=(*plan.warnings, *outcome.warnings),
        )
        return PassResult(plan, outcome.published, asked)
    raise AssertionError("the last try returns or raises")


def _noting_pause(plan: Plan, target: Target, reason: str) -> Plan:
    note = f"{target.name} is paused, nothing is published: {reason}"
    return replace(plan, warnings=(*plan.warnings, note))


def _broken(target: Target, error: Exception, context: PassContext) -> Plan:
    """The plan of a target that ended with an exception that nobody expected."""
    name = target.name
    if isinstance(error, OSError) and error.errno in OUT_OF_SPACE:
        message, code, hint = f"{name}: cannot write: {error.strerror}", "output", ""
    else:
        path = context.report_bug(error)
        said = excerpt(context.vault.hide(str(error)), 200)
        message, code = f"{name}: sorry, this is a bug: {type(error).__name__}: {said}", BUG
        hint = f"please report it with the log at {path}" if path else ""
    problem = Problem(scope="target", subject=name, code=code, message=message, hint=hint)
    return Plan(problems=(problem,))


def _failed(target: Target, error: ImagebotError) -> Plan:
    name = target.name
    if not isinstance(error, ConfigurationError):
        message = f"{name}: {error.message}"
        return Plan(problems=(Problem.of_error("target", name, error, message=message),))
    return Plan(
        problems=tuple(
            Problem(
                scope="target",
                subject=name,
                code=error.code,
                message=f"{name}: {issue}",
                hint=issue.hint,
            )
            for issue in error.issues
        )
    )
