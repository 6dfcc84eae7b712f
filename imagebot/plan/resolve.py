"""What each field shall say: list -> choose -> admit.

The same question (repository, current reference, policy) is asked once, however many fields ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from types import MappingProxyType

from imagebot.errors import RegistryError, UsageError
from imagebot.parallel.threads import Progress, map_at_once
from imagebot.plan.gates.admit import admit
from imagebot.plan.gates.moved import note_moved
from imagebot.plan.gates.times import ask_times
from imagebot.policy.choose import choose
from imagebot.policy.floating import is_floating
from imagebot.policy.model import TIMED_ORDERS, Decision, Policy
from imagebot.policy.rejections import count_by_rule
from imagebot.reference import Reference, Repository
from imagebot.registry.api import Registry
from imagebot.registry.listing import ask_each
from imagebot.values import dataclass
from imagebot.version.chart import registry_tag

Written = Mapping[tuple[Repository, str], str]
"""The digests that tags had when imagebot wrote them, by repository and tag."""

NONE_WRITTEN: Written = MappingProxyType({})
# Gates ask one thing at a time; this many questions about one repository are asked at once.
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class TagQuery:
    """Fields that agree in this get the same answer; the spelling of the name does not matter."""

    reference: Reference
    policy: Policy
    # Computed once: a policy has many keys, and thousands of fields look for their answers.
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.reference, self.policy)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def of(cls, reference: Reference, policy: Policy) -> TagQuery:
        name = str(reference.repository)
        return cls(reference if reference.name == name else replace(reference, name=name), policy)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A decision, or why there is none, for every question; `failures` are of whole repositories.

    `notes` tell of tags that are gone or have moved, and of policies that allow nothing, each with
    the questions that it is about; not of questions that are undecided. `listings` are the tags of
    the repositories, or why they could not be listed.
    """

    of: Mapping[TagQuery, Decision | RegistryError]
    failures: Mapping[Repository, RegistryError]
    notes: Mapping[str, tuple[TagQuery, ...]] = field(default_factory=dict)
    listings: Mapping[Repository, tuple[str, ...] | RegistryError] = field(default_factory=dict)


NOTHING = Resolution({}, {})


def resolve(
    questions: Iterable[TagQuery],
    registry: Registry,
    *,
    now: datetime,
    written: Written = NONE_WRITTEN,
    progress: Progress | None = None,
    known: Resolution = NOTHING,
) -> Resolution:
    """Answer every question; each repository is listed once. No registry error is raised.

    What is `known` already in this pass of a repository is not decided again, unless there are
    other questions about it now: whether one is answered may depend on the others.

    The questions about a repository are answered as soon as it is listed, whatever the other
    registries do.
    """
    every = tuple(dict.fromkeys(questions))
    about, before = _by_repository(every), _by_repository(known.of)
    fresh = [each for each in about if set(about[each]) != set(before.get(each, ()))]

    def ask(repository: Repository) -> _Answered:
        return _answer_all(about[repository], repository, registry, now, written)

    answered = ask_each(sorted(fresh), ask, concurrency=registry.concurrency, progress=progress)
    found = dict(known.of)
    listings = dict(known.listings)
    for repository, result in answered.items():
        assert isinstance(result, _Answered)
        found |= result.answers
        listings[repository] = result.listing
    answers = {question: found[question] for question in every}
    failures = {
        question.reference.repository: decision
        for question, decision in answers.items()
        if isinstance(decision, RegistryError)
    }
    return Resolution(answers, failures, _notes(answers, listings), listings)


def _by_repository(questions: Iterable[TagQuery]) -> dict[Repository, list[TagQuery]]:
    found: dict[Repository, list[TagQuery]] = {}
    for question in questions:
        found.setdefault(question.reference.repository, []).append(question)
    return found


@dataclass(frozen=True, slots=True)
class _Answered:
    """All about one repository; `listing` is empty where no question needs the tags."""

    listing: tuple[str, ...] | RegistryError
    answers: Mapping[TagQuery, Decision | RegistryError]


def _answer_all(
    questions: Sequence[TagQuery],
    repository: Repository,
    registry: Registry,
    now: datetime,
    written: Written,
) -> _Answered:
    listing: tuple[str, ...] | RegistryError = ()
    if any(needs_tags(each.policy, each.reference) for each in questions):
        try:
            listing = registry.tags(repository)
        except RegistryError as error:
            listing = error

    def one(question: TagQuery) -> Decision | RegistryError:
        if isinstance(listing, RegistryError):
            return listing
        try:
            return answer(
                question.policy, listing, question.reference, registry, now=now, written=written
            )
        except RegistryError as error:
            return error

    # A thread takes longer to start than most questions to answer.
    if len(questions) <= _WORKERS:
        answers = [one(question) for question in questions]
    else:
        answers = map_at_once(one, questions, workers=_WORKERS)
    return _Answered(listing, dict(zip(questions, answers, strict=True)))


def needs_tags(policy: Policy, reference: Reference) -> bool:
    """Whether a repository must be listed: not for one tag, unless it may be a floating one."""
    if policy.follow is not None:
        return False
    return policy.order != "none" or (policy.pin is None and reference.digest is not None)


def answer(
    policy: Policy,
    tags: Sequence[str],
    reference: Reference,
    registry: Registry,
    *,
    now: datetime,
    written: Written = NONE_WRITTEN,
) -> Decision:
    """What one policy makes of one repository's tags, as listed. May raise RegistryError.

    `written` are the digests that tags had when imagebot wrote them.
    """
    if reference.chart:
        from imagebot.registry.charts import ChartRegistry

        registry = ChartRegistry(registry)
    times = ask_times(policy, tags, reference, registry, today=now.date())
    choice = choose(policy, tags, reference, today=now.date(), times=times)
    decision = admit(choice, policy, reference, registry, now=now)
    before = written.get((reference.repository, reference.tag or ""), "")
    if not before or is_floating(reference.tag or "", tags):
        return decision
    return note_moved(decision, policy, reference, registry, written=before)


def answer_offline(
    policy: Policy, tags: Sequence[str], reference: Reference, *, now: datetime
) -> Decision:
    """As `answer` for tags given by hand. Raises UsageError for a policy that needs a registry."""
    needs = {
        "follow": policy.follow is not None,
        "version-of": policy.version_of is not None,
        "pin": policy.pin is not None,
        "min-age": policy.min_age is not None,
        "platforms": bool(policy.platforms),
        "exists": policy.exists,
        f"order: {policy.order}": policy.order in TIMED_ORDERS,
    }
    asked = [key for key, wanted in needs.items() if wanted]
    if asked:
        raise UsageError(
            f"{asked[0]} needs a registry, and the tags came without one",
            hint="name the repository instead of -",
        )
    from imagebot.plan.gates.ties import describe
    from imagebot.policy.update_types import moves_of, update_type_of

    choice = choose(policy, tags, reference, today=now.date())
    if choice.moves and (tied := choice.tied_with(choice.successors[0])):
        reason = f"{describe(tied)}; only a registry can tell whether they are one image"
        choice = replace(choice, code="no-order", reason=reason, successors=(), settled=False)
    tag = choice.successors[0] if choice.moves else None
    update_type, variant = None, ""
    if tag is not None:
        update_type = update_type_of(policy, reference.tag, tag, choice.reading)
        variant = moves_of(policy, reference.tag, tag, choice.reading)
    return Decision(
        policy=policy.name,
        tag=tag,
        update_type=update_type,
        code=choice.code,
        reason=choice.reason + (f"; variant {variant}" if variant else ""),
        eligible_at=choice.eligible_at,
        candidates=choice.candidates,
        rejections=choice.rejections,
        allows_none=choice.allows_none,
        settled=choice.settled,
        variant=variant,
        reading=choice.reading,
        current_listed=choice.current_listed,
    )


def _notes(
    answers: Mapping[TagQuery, Decision | RegistryError],
    listings: Mapping[Repository, tuple[str, ...] | RegistryError],
) -> dict[str, tuple[TagQuery, ...]]:
    found: dict[tuple[object, ...], tuple[str, list[TagQuery]]] = {}
    for question, decision in answers.items():
        repository, tag = question.reference.repository, question.reference.tag
        tags = listings.get(repository, ())
        if isinstance(decision, RegistryError) or isinstance(tags, RegistryError):
            continue
        if not decision.settled:
            continue
        if tags and tag is not None and _listed_as(question.reference, tag) not in set(tags):
            text = f"{repository}: the registry does not list the current tag {tag} any more"
            found.setdefault((repository, tag), (text, []))[1].append(question)
        if decision.code == "tag-moved":
            text = f"{repository}: {decision.reason}"
            found.setdefault((repository, text), (text, []))[1].append(question)
        if decision.allows_none:
            text = _allows_none(question, decision, len(set(tags)))
            key = (repository, question.policy.name, "none")
            found.setdefault(key, (text, []))[1].append(question)
    return {text: tuple(questions) for text, questions in found.values()}


def _listed_as(reference: Reference, tag: str) -> str:
    return registry_tag(tag) if reference.chart else tag


def _allows_none(question: TagQuery, decision: Decision, count: int) -> str:
    repository, policy = question.reference.repository, question.policy
    refused = count_by_rule(decision.rejections)
    allows = f"allows none of its {count} tags" if count != 1 else "does not allow its only tag"
    return f"{repository}: policy {policy.name} {allows} ({refused})"
