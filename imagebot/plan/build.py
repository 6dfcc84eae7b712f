"""From files to a draft: scan -> assign -> list -> choose -> admit -> plan -> edit.

Everything up to, and not including, `publish`: a dry run is a pass that stops here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from imagebot.config.model import Configuration, Limits
from imagebot.errors import Problem, RegistryError, RegistryUnreachableError
from imagebot.files.rewrite import FileChange
from imagebot.parallel.threads import Progress
from imagebot.plan.assign import Assigned, assign
from imagebot.plan.edits import make_edits, without_refused
from imagebot.plan.limits import may_ask
from imagebot.plan.model import Kept, Plan, Update
from imagebot.plan.resolve import Resolution, TagQuery, resolve
from imagebot.plan.unused import unused_warnings
from imagebot.plan.vetoes import Hold, apply_vetoes
from imagebot.reference import Repository
from imagebot.registry.api import Registry
from imagebot.scan.cache import ScanCache
from imagebot.scan.inventory import sort_unread, take_inventory
from imagebot.scan.source import Source


@dataclass(frozen=True, slots=True)
class PlanWithEdits:
    """A plan, and the files as they will be: everything but the publishing."""

    plan: Plan
    changes: tuple[FileChange, ...]


def build_plan(
    source: Source,
    configuration: Configuration,
    registry: Registry,
    *,
    now: datetime,
    target: str = "",
    identity: str = "",
    limits: Limits = Limits(),
    scans: ScanCache | None = None,
    progress: Progress | None = None,
    hold: Hold | None = None,
) -> PlanWithEdits:
    """Plan every update of `source`, and make the edits.

    `target` is what the plan calls the target, and `identity` what tells it from others.
    What cannot be listed, decided or edited is a problem in the plan; the rest is planned.
    """
    inventory = take_inventory(source, configuration, scans)
    assignments = assign(inventory.fields, configuration, target, flux=inventory.flux)
    questions = [question for each in assignments if (question := _question(each, limits))]
    answers = resolve(questions, registry, now=now, progress=progress)
    plan = to_plan(assignments, answers, target=target, identity=identity, limits=limits)
    if hold is not None:
        plan = apply_vetoes(plan, hold)
    unread, problems = sort_unread(inventory, configuration)
    edited = make_edits(source, plan.updates)
    unused: tuple[str, ...] = ()
    if source.whole:
        unused = unused_warnings(assignments, configuration, inventory.paths)
    plan = without_refused(replace(plan, problems=(*problems, *plan.problems)), edited)
    plan = replace(plan, unread=unread, warnings=(*unused, *answers.warnings))
    return PlanWithEdits(plan, edited.changes)


def to_plan(
    assignments: Sequence[Assigned],
    answers: Resolution,
    *,
    target: str,
    identity: str,
    limits: Limits,
) -> Plan:
    """Every field is an update or kept, in the order of the files."""
    outcomes = [_outcome(entry, answers, target, identity, limits) for entry in assignments]
    return Plan(
        updates=tuple(each for each in outcomes if isinstance(each, Update)),
        kept=tuple(each for each in outcomes if isinstance(each, Kept)),
        problems=(
            *(each.problem for each in assignments if each.problem),
            *_problems(answers.failures),
        ),
    )


def _question(entry: Assigned, limits: Limits) -> TagQuery | None:
    """What to ask for a field: nothing when it is not managed, or may not be asked for."""
    reference = entry.field.reference
    if entry.policy is None or not entry.managed or not may_ask(limits, reference.repository):
        return None
    return TagQuery.of(reference, entry.policy)


def _outcome(
    entry: Assigned, answers: Resolution, target: str, identity: str, limits: Limits
) -> Update | Kept:
    question = _question(entry, limits)
    if question is None:
        code, reason = entry.code, entry.reason
        if entry.managed:
            code, reason = "outside-limits", "limits.images of the target keep it from being asked"
        return _kept(entry, target, code, reason)
    decision = answers.of[question]
    if isinstance(decision, RegistryError):
        return _kept(entry, target, decision.code, decision.message)
    assert entry.policy is not None
    assert entry.route is not None
    if decision.kind is None:
        return Kept(
            target=target,
            field=entry.field,
            policy=entry.policy.name,
            code=decision.code,
            reason=decision.reason,
            eligible_at=decision.eligible_at,
            candidates=decision.candidates,
            rejections=decision.rejections,
        )
    return Update(
        target=target,
        identity=identity,
        field=entry.field,
        tag=None if entry.field.keeps_tag else decision.tag,
        digest=decision.digest,
        kind="digest" if entry.field.keeps_tag else decision.kind,
        policy=entry.policy.name,
        route=entry.route.name,
        code=decision.code,
        reason=decision.reason,
        candidates=decision.candidates,
        rejections=decision.rejections,
    )


def _kept(entry: Assigned, target: str, code: str, reason: str) -> Kept:
    policy = entry.policy.name if entry.policy else ""
    return Kept(target=target, field=entry.field, policy=policy, code=code, reason=reason)


def _problems(failures: Mapping[Repository, RegistryError]) -> Iterator[Problem]:
    """One for each repository; but one for all those of a registry that does not answer."""
    silent: dict[tuple[str, str], list[Repository]] = {}
    for repository, error in failures.items():
        if isinstance(error, RegistryUnreachableError):
            silent.setdefault((repository.registry, error.reason), []).append(repository)
        else:
            yield _problem(str(repository), error, error.message)
    for (registry, reason), repositories in silent.items():
        first, *others = repositories
        if others:
            names = f"{first} and {len(others)} more"
            message = f"{registry}: {reason}; not asked for {names}"
            yield _problem(registry, failures[first], message)
        else:
            yield _problem(str(first), failures[first], failures[first].message)


def _problem(subject: str, error: RegistryError, message: str) -> Problem:
    return Problem(
        scope="repository", subject=subject, code=error.code, message=message, hint=error.hint
    )
