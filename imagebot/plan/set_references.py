"""Given references, as a plan: what `imagebot set` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imagebot.errors import UsageError
from imagebot.manifest.images.field import ImageField, Unread
from imagebot.plan.assign import Assigned
from imagebot.plan.model import FOLDER, Kept, Plan, Update
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Decision, Policy, UpdateType
from imagebot.policy.update_types import read_both, update_type_of
from imagebot.problem import Problem
from imagebot.reference import Reference, Repository
from imagebot.scan.inventory import unread_problem
from imagebot.version.chart import chart_version


def plan_references(
    assigned: Sequence[Assigned], wanted: Iterable[Reference], unread: Iterable[Unread] = ()
) -> Plan:
    """Every field that names the repository of a wanted reference gets its tag and digest.

    A field with a digest is only moved together with it: a reference that gives no digest for it is
    a problem, as is a reference that no field names. Policies only say what a step is called; but
    what a marker ignores is kept, and so is what has a marker that cannot be followed, a problem.
    The version of a chart may be given as its tag (with a `_`). `unread` is what could not be read
    of the files that may name them: a problem, unless it is expected.
    Raises UsageError for two references that want different things of one repository.
    """
    by_repository = _by_repository(wanted)
    updates: list[Update] = []
    warnings: list[str] = []
    kept: list[Kept] = []
    unread = tuple(unread)
    problems = [unread_problem(each) for each in unread if not each.expected]
    for repository, reference in by_repository.items():
        named = [each for each in assigned if each.field.reference.repository == repository]
        if not named:
            problems.append(_nothing_names(reference))
        for each in named:
            outcome = each.problem or _set(each, _as_far(each, named, reference))
            if isinstance(outcome, Update) and _as_far(each, named, reference) != reference:
                warnings.append(_partly(each.field, reference))
            if isinstance(outcome, Update):
                updates.append(outcome)
            elif isinstance(outcome, Kept):
                kept.append(outcome)
            else:
                problems.append(outcome)
    updates.sort(key=lambda update: (update.field.path, update.field.line))
    return Plan(
        updates=tuple(updates),
        kept=tuple(kept),
        problems=tuple(problems),
        unread=tuple(each for each in unread if each.expected),
        warnings=tuple(warnings),
    )


def _by_repository(wanted: Iterable[Reference]) -> dict[Repository, Reference]:
    """Raises UsageError."""
    found: dict[Repository, Reference] = {}
    for reference in wanted:
        other = found.setdefault(reference.repository, reference)
        if (other.tag, other.digest) != (reference.tag, reference.digest):
            raise UsageError(f"{other} and {reference} contradict each other")
    return found


def _as_far(assigned: Assigned, named: Sequence[Assigned], wanted: Reference) -> Reference:
    """What of the wanted reference a field can take, where another one takes the rest.

    The version of a chart has no digest, and an artifact that is named by its digest has no tag.
    """
    field = assigned.field
    if wanted.tag is None or wanted.digest is None:
        return wanted
    if field.digest is None and any(each.field.digest is not None for each in named):
        return wanted.to(wanted.tag, None)
    if field.tag is None and any(each.field.tag is not None for each in named):
        return wanted.to(None, wanted.digest)
    return wanted


def _partly(field: ImageField, wanted: Reference) -> str:
    part = "digest" if field.digest is None else "tag"
    return f"{field.path}:{field.line}: a {part} cannot be written here: set {wanted} without it"


def _set(assigned: Assigned, wanted: Reference) -> Update | Kept | Problem:
    field = assigned.field
    current = field.reference
    if field.marker is not None and assigned.code == "ignored":
        return _kept(field, "ignored", assigned.reason)
    if field.replaced and assigned.code == "replaced":
        return _kept(field, "replaced", assigned.reason)
    if current.chart and wanted.tag is not None:
        version = chart_version(wanted.tag)
        if version is None:
            return _not_a_version(field, wanted)
        wanted = wanted.to(version, wanted.digest)
    if current.digest and not wanted.digest and wanted.tag != current.tag:
        return _part_missing(field, wanted, "digest")
    if current.tag and not wanted.tag and wanted.digest != current.digest:
        return _part_missing(field, wanted, "tag")
    says_so = wanted.tag == current.tag and not field.is_misread
    tag = None if says_so or field.keeps_tag else wanted.tag
    moves = wanted.digest != current.digest and not field.takes_no_digest
    digest = wanted.digest if moves else None
    if tag is None and digest is None:
        return _kept(field, "current", "it says so already")
    decision = Decision(
        policy="set",
        tag=tag,
        digest=digest,
        update_type=_update_type(assigned.policy, current, tag),
        code="set",
        reason="given on the command line",
    )
    return Update(target=FOLDER, field=field, route="", decision=decision)


def _update_type(policy: Policy | None, current: Reference, tag: str | None) -> UpdateType:
    """What the policy of the field calls the step, so that every command calls it the same.

    The same tag is written again where it gets quotes.
    """
    if tag is None:
        return "digest"
    if tag == current.tag:
        return "other"
    policy = policy or SHAPE
    return update_type_of(policy, current.tag, tag, read_both(policy, current.tag, tag))


def _kept(field: ImageField, code: str, reason: str) -> Kept:
    return Kept(target=FOLDER, field=field, decision=Decision(code=code, reason=reason))


def _nothing_names(reference: Reference) -> Problem:
    return Problem(
        scope="repository",
        subject=str(reference.repository),
        code="no-field",
        message=f"no image field names {reference.repository}",
        hint="`imagebot scan` lists the image fields",
    )


def _not_a_version(field: ImageField, wanted: Reference) -> Problem:
    return Problem(
        scope="field",
        subject=str(field.reference),
        path=field.path,
        line=field.line,
        code="not-a-version",
        message=f"{wanted.tag} is not a version of a chart, which {field.reference} is",
        hint="Helm takes only SemVer 2, such as 1.2.3, 1.2.3-rc.1 or 1.2.3+build.4",
    )


def _part_missing(field: ImageField, wanted: Reference, part: str) -> Problem:
    """A tag and a digest side by side must speak of the same image."""
    return Problem(
        scope="field",
        subject=str(field.reference),
        path=field.path,
        line=field.line,
        code=f"{part}-needed",
        message=f"{field.reference} has a {part}, and {wanted} has none",
        hint=f"give the {part} too, as NAME:TAG@sha256:…",
    )
