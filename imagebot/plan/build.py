"""From files to a plan: scan -> assign -> list -> choose -> gate -> plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime

from imagebot.config.model import Configuration, Limits
from imagebot.errors import RegistryError, RegistryRateLimitError, RegistryUnreachableError
from imagebot.parallel.threads import Progress
from imagebot.plan.alone import without_alone
from imagebot.plan.assign import Assigned, assign
from imagebot.plan.limits import may_ask
from imagebot.plan.model import FOLDER, Kept, Plan, PlanTarget, Update
from imagebot.plan.questions import Questions, asked_of, unmoved_plan
from imagebot.plan.resolve import NONE_WRITTEN, NOTHING, Resolution, TagQuery, Written, resolve
from imagebot.plan.undecided import noted_warnings, undecided_warnings
from imagebot.plan.unused import unused_warnings
from imagebot.policy.model import Decision
from imagebot.problem import Place, Problem
from imagebot.reference import Reference, Repository
from imagebot.registry.api import Registry
from imagebot.scan.inventory import Inventory, sort_unread, take_inventory
from imagebot.scan.source import Source
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Built:
    """A plan, and what it was decided from: the answers, and what imagebot had `written`.

    `questions` are what the next pass needs of the same tree; None where it has to look at it.
    """

    plan: Plan
    resolution: Resolution
    written: Written
    questions: Questions | None = None

    def still_known(self, written: Written) -> Resolution:
        """The answers that hold in the same pass, now that imagebot has `written` so much."""
        before = self.written
        of = {
            query: answer
            for query, answer in self.resolution.of.items()
            if before.get(key := (query.reference.repository, query.reference.tag or ""))
            == written.get(key)
        }
        return replace(self.resolution, of=of)


def build(
    source: Source,
    configuration: Configuration,
    registry: Registry,
    *,
    now: datetime,
    target: PlanTarget = FOLDER,
    limits: Limits = Limits(),
    inventory: Inventory | None = None,
    url: str | None = None,
    written: Written = NONE_WRITTEN,
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    progress: Progress | None = None,
    earlier: Built | None = None,
) -> Built:
    """What the policies want of `source`; what cannot be listed or decided is a problem in it.

    `inventory` is that of `source`, where it is known already.

    It is in a context of `waiting` while it waits for registries. Of `limits` only `images` counts
    here: a repository outside of it is not asked about. `url` is that of the Git repository, if
    known. `written` are the digests that tags had when imagebot wrote them.

    With what was built `earlier` in the same pass, only what it did not decide is decided: the plan
    is the same as without.
    """
    inventory = inventory or take_inventory(source, configuration, url=url, managed_only=True)
    assignments = assign(inventory.fields, configuration, target.name, flux=inventory.flux)
    queries = _queries(assignments, limits)
    asked = [(each.field, query) for each, query in zip(assignments, queries, strict=True) if query]
    with waiting():
        resolution = resolve(
            (query for _, query in asked),
            registry,
            now=now,
            written=written,
            progress=progress,
            known=earlier.still_known(written) if earlier else NOTHING,
        )
    plan = without_alone(to_plan(assignments, queries, resolution, target=target))
    noted = noted_warnings(resolution.notes, asked, target=target.name)
    decided = ((field, resolution.of[query]) for field, query in asked)
    undecided = undecided_warnings(decided, target=target.name)
    said = _said(source, inventory, assignments, configuration)
    plan = replace(
        plan,
        problems=(*said.problems, *plan.problems),
        unread=said.unread,
        warnings=(*said.warnings, *noted, *undecided),
        layers=said.layers,
    )
    return Built(plan, resolution, written, _questions(said, queries, configuration))


def questions_of(
    source: Source,
    inventory: Inventory,
    configuration: Configuration,
    *,
    target: PlanTarget,
    limits: Limits,
) -> Questions | None:
    """What `build` asks about `source`, if that can be kept."""
    assignments = assign(inventory.fields, configuration, target.name, flux=inventory.flux)
    said = _said(source, inventory, assignments, configuration)
    return _questions(said, _queries(assignments, limits), configuration)


def _said(
    source: Source,
    inventory: Inventory,
    assignments: Sequence[Assigned],
    configuration: Configuration,
) -> Plan:
    """What a plan says whatever the answers are."""
    unread, problems = sort_unread(inventory, configuration)
    unused: tuple[str, ...] = ()
    if source.whole:
        unused = unused_warnings(assignments, configuration, inventory.paths)
    assigned = (each.problem for each in assignments if each.problem)
    return Plan(
        problems=(*problems, *assigned), unread=unread, warnings=unused, layers=inventory.layers
    )


def _questions(
    said: Plan, queries: Sequence[TagQuery | None], configuration: Configuration
) -> Questions | None:
    asked = asked_of(queries, configuration)
    if asked is None:
        return None
    layers = dict(said.layers)
    return Questions(asked, len(queries), said.problems, said.unread, said.warnings, layers)


def build_unmoved(
    questions: Questions,
    resolution: Resolution,
    configuration: Configuration,
    *,
    target: PlanTarget,
    limits: Limits,
    inventory: Callable[[], Inventory],
    written: Written,
) -> Built:
    """What `build` makes of the `inventory` where nothing moves (`nothing_moves`), without it."""

    def kept() -> tuple[Kept, ...]:
        found = inventory()
        assignments = assign(found.fields, configuration, target.name, flux=found.flux)
        queries = _queries(assignments, limits)
        return tuple(to_plan(assignments, queries, resolution, target=target).kept)

    return Built(unmoved_plan(questions, kept), resolution, written, questions)


def to_plan(
    assignments: Sequence[Assigned],
    queries: Sequence[TagQuery | None],
    resolution: Resolution,
    *,
    target: PlanTarget,
) -> Plan:
    """Every field is an update or kept, in the order of the files; problems are those of asking.

    `queries` are what was asked for each of `assignments`, if anything was.
    """
    pairs = list(zip(assignments, queries, strict=True))
    answers = {query: _answered(query, found) for query, found in resolution.of.items()}
    entries = [_entry(each, query, answers, target) for each, query in pairs]
    return Plan(
        updates=tuple(each for each in entries if isinstance(each, Update)),
        kept=tuple(each for each in entries if isinstance(each, Kept)),
        problems=tuple(_problems(resolution.failures, _places(pairs, resolution))),
    )


def _queries(assignments: Iterable[Assigned], limits: Limits) -> list[TagQuery | None]:
    """What to ask for each field. Equal questions are one object, which is quick to look up."""
    made: dict[tuple[Reference, int], TagQuery | None] = {}
    same: dict[TagQuery, TagQuery] = {}
    queries: list[TagQuery | None] = []
    for each in assignments:
        if each.policy is None or not each.managed:
            queries.append(None)
            continue
        key = (each.field.reference, id(each.policy))
        try:
            queries.append(made[key])
        except KeyError:
            query = _query(each, limits)
            made[key] = query and same.setdefault(query, query)
            queries.append(made[key])
    return queries


def _query(assigned: Assigned, limits: Limits) -> TagQuery | None:
    """What to ask for a field; nothing when it is not managed, or may not be asked about."""
    reference, policy = assigned.field.reference, assigned.policy
    if policy is None or not assigned.managed or not may_ask(limits, reference.repository):
        return None
    # There is no place for a digest beside the version of a chart.
    return TagQuery.of(reference, replace(policy, pin=None) if reference.chart else policy)


def _entry(
    assigned: Assigned,
    query: TagQuery | None,
    answers: Mapping[TagQuery, Decision],
    target: PlanTarget,
) -> Update | Kept:
    if query is None:
        return Kept(target=target, field=assigned.field, decision=_not_asked(assigned))
    decision = answers[query]
    assert assigned.route is not None
    if not decision.moves:
        name = assigned.route.name
        return Kept(target=target, field=assigned.field, decision=decision, route=name)
    if assigned.field.keeps_tag:
        decision = replace(decision, update_type="digest")
    return Update(target=target, field=assigned.field, route=assigned.route.name, decision=decision)


def _not_asked(assigned: Assigned) -> Decision:
    policy = assigned.policy.name if assigned.policy else ""
    if assigned.managed:
        reason = "not allowed by `limits.images` of the target"
        return Decision(policy=policy, code="outside-limits", reason=reason, settled=False)
    settled = assigned.problem is None
    return Decision(policy=policy, code=assigned.code, reason=assigned.reason, settled=settled)


def _answered(query: TagQuery, found: Decision | RegistryError) -> Decision:
    """One decision for all fields that ask the same."""
    if not isinstance(found, RegistryError):
        return found
    name = query.policy.name
    return Decision(policy=name, code=found.code, reason=found.message, settled=False)


def _places(
    pairs: Iterable[tuple[Assigned, TagQuery | None]], resolution: Resolution
) -> Mapping[Repository, tuple[Place, ...]]:
    """The fields that nothing could be decided for, in the order of the files."""
    found: dict[Repository, list[Place]] = {}
    for each, query in pairs if resolution.failures else ():
        if query and isinstance(resolution.of[query], RegistryError):
            places = found.setdefault(query.reference.repository, [])
            places.append(Place(each.field.path, each.field.line))
    return {repository: tuple(places) for repository, places in found.items()}


def _problems(
    failures: Mapping[Repository, RegistryError], places: Mapping[Repository, tuple[Place, ...]]
) -> Iterator[Problem]:
    """One for each repository; but one for all those of a registry that does not answer, or that
    asks for a pause."""
    silent: dict[tuple[str, str], list[Repository]] = {}
    for repository, error in failures.items():
        if isinstance(error, RegistryUnreachableError):
            silent.setdefault((repository.registry, error.reason), []).append(repository)
        elif isinstance(error, RegistryRateLimitError):
            silent.setdefault((repository.registry, error.code), []).append(repository)
        else:
            needed = places[repository]
            yield Problem.of_error("repository", str(repository), error, places=needed)
    for (registry, _), repositories in silent.items():
        first, *others = repositories
        needed = tuple(place for each in repositories for place in places[each])
        if others:
            names = f"{first} and {len(others)} more"
            message = f"{registry}: {failures[first].reason}; skipped {names}"
            subject = registry
        else:
            subject, message = str(first), ""
        error = failures[first]
        yield Problem.of_error("repository", subject, error, message=message, places=needed)
