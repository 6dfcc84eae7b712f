"""Plans, scans and decisions as the JSON documents of `documents.py`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import msgspec.structs

from imagebot.http.pauses import HeadRoom
from imagebot.manifest.images.field import ImageField, Resource, Unread
from imagebot.plan.documents import (
    Chosen,
    FieldEntry,
    KeptEntry,
    LimitEntry,
    PickDocument,
    PickedTag,
    PlaceEntry,
    PlanDocument,
    ProblemEntry,
    PublishedEntry,
    PullRequestEntry,
    RejectedTag,
    RejectionEntry,
    ResourceEntry,
    ScanDocument,
    TagAndDigest,
    UnreadEntry,
    UpdateEntry,
    WithheldEntry,
)
from imagebot.plan.model import Kept, Plan, Published, Update
from imagebot.plan.withheld import Withheld, withheld
from imagebot.policy.model import Decision, Rejection
from imagebot.problem import Problem

Document = dict[str, Any]
E = TypeVar("E", UpdateEntry, KeptEntry)


def plan_document(
    plan: Plan,
    published: Sequence[Published] = (),
    *,
    head_room: Mapping[str, HeadRoom] | None = None,
    explain: bool = False,
) -> Document:
    """The document of `plan`, `update`, `run` and `set`; `head_room` is by host."""
    return _builtins(
        PlanDocument(
            updates=[_update(update, explain=explain) for update in plan.updates],
            kept=[_kept(kept, explain=explain) for kept in plan.kept],
            withheld=[_withheld(each) for each in withheld(plan)],
            unread=[_unread(unread) for unread in plan.unread],
            problems=[_problem(problem) for problem in plan.problems],
            warnings=list(plan.warnings),
            published=[_published(entry) for entry in published],
            limits=[_limit(host, room) for host, room in sorted((head_room or {}).items())],
        )
    )


def scan_document(
    fields: Iterable[tuple[ImageField, str | None, str | None]],
    unread: Iterable[Unread],
    problems: Iterable[Problem],
    warnings: Iterable[str] = (),
) -> Document:
    """The document of `scan`; `fields` are (field, policy name, route name)."""
    return _builtins(
        ScanDocument(
            fields=[_field(field, policy, route) for field, policy, route in fields],
            unread=[_unread(entry) for entry in unread],
            problems=[_problem(problem) for problem in problems],
            warnings=list(warnings),
        )
    )


def pick_document(
    repository: str,
    current: str | None,
    decision: Decision,
    version_of: Callable[[str], object | None],
) -> Document:
    """The document of `pick`; `version_of` gives the version that the policy reads in a tag."""

    def version(tag: str | None) -> str | None:
        found = None if tag is None else version_of(tag)
        return None if found is None else str(found)

    tag, digest = decision.tag, decision.digest
    chosen = None
    if tag is not None or digest is not None:
        chosen = Chosen(tag=tag, version=version(tag), digest=digest)
    return _builtins(
        PickDocument(
            repository=repository,
            current=current,
            chosen=chosen,
            update_type=decision.update_type,
            code=decision.code,
            reason=decision.reason,
            settled=decision.settled,
            eligible_at=_time(decision.eligible_at),
            candidates=[PickedTag(tag=each, version=version(each)) for each in decision.candidates],
            rejected=[
                RejectedTag(
                    tag=each.tag,
                    rule=each.rule,
                    reason=each.reason,
                    eligible_at=_time(each.eligible_at),
                    version=version(each.tag),
                )
                for each in decision.rejections
            ],
        )
    )


def update_entries(updates: Iterable[Update]) -> list[Any]:
    """Updates as they are in the document of a plan."""
    return [msgspec.to_builtins(_update(update, explain=False)) for update in updates]


def _builtins(document: msgspec.Struct) -> Document:
    built: Document = msgspec.to_builtins(document)
    return built


def _unread(unread: Unread) -> UnreadEntry:
    return UnreadEntry(
        path=unread.path,
        line=unread.line or None,
        code=unread.code,
        reason=unread.reason,
        hint=unread.hint or msgspec.UNSET,
    )


def _problem(problem: Problem) -> ProblemEntry:
    return ProblemEntry(
        scope=problem.scope,
        subject=problem.subject,
        target=problem.target or None,
        path=problem.path or None,
        line=problem.line or None,
        code=problem.code,
        message=problem.message,
        hint=problem.hint or None,
        places=[PlaceEntry(path=each.path, line=each.line) for each in problem.places],
    )


def _field(field: ImageField, policy: str | None, route: str | None) -> FieldEntry:
    reference = field.reference
    return FieldEntry(
        path=field.path,
        line=field.line,
        column=field.column,
        format=field.format,
        resource=_resource(field.resource),
        container=field.container,
        repository_from=field.repository_from or None,
        reference=str(reference),
        repository=str(reference.repository),
        tag=reference.tag,
        digest=reference.digest,
        policy=policy,
        route=route,
    )


def _update(update: Update, *, explain: bool) -> UpdateEntry:
    field, decision = update.field, update.decision
    current = field.reference
    assert decision.update_type is not None
    entry = UpdateEntry(
        id=update.id,
        target=update.target.name or None,
        path=field.path,
        line=field.line,
        resource=_resource(field.resource),
        repository=str(current.repository),
        current=TagAndDigest(tag=current.tag, digest=current.digest),
        new=TagAndDigest(tag=update.tag or current.tag, digest=update.digest or current.digest),
        update_type=decision.update_type,
        policy=decision.policy,
        route=update.route or None,
        code=decision.code,
        reason=decision.reason,
    )
    return _explained(entry, decision) if explain else entry


def _kept(kept: Kept, *, explain: bool) -> KeptEntry:
    field, decision = kept.field, kept.decision
    entry = KeptEntry(
        target=kept.target.name or None,
        path=field.path,
        line=field.line,
        reference=str(field.reference),
        policy=decision.policy or None,
        code=decision.code,
        reason=decision.reason,
        settled=decision.settled,
        eligible_at=_time(decision.eligible_at),
    )
    return _explained(entry, decision) if explain else entry


def _withheld(entry: Withheld) -> WithheldEntry:
    return WithheldEntry(
        target=entry.target.name or None,
        path=entry.field.path,
        line=entry.field.line,
        repository=str(entry.field.reference.repository),
        tag=entry.tag,
        route=entry.route or None,
        code=entry.code,
        reason=entry.reason,
        until=_time(entry.until),
    )


def _explained(entry: E, decision: Decision) -> E:
    return msgspec.structs.replace(
        entry,
        candidates=list(decision.candidates),
        rejected=[_rejection(rejection) for rejection in decision.rejections],
    )


def _rejection(rejection: Rejection) -> RejectionEntry:
    return RejectionEntry(
        tag=rejection.tag,
        rule=rejection.rule,
        reason=rejection.reason,
        eligible_at=_time(rejection.eligible_at),
    )


def _published(entry: Published) -> PublishedEntry:
    request = PullRequestEntry(number=entry.number, url=entry.url) if entry.number else None
    return PublishedEntry(
        target=entry.target,
        route=entry.route,
        status=entry.status,
        updates=list(entry.updates),
        commit=entry.commit or None,
        branch=entry.branch or None,
        pull_request=request,
    )


def _limit(host: str, room: HeadRoom) -> LimitEntry:
    return LimitEntry(
        host=host,
        remaining=room.remaining,
        limit=room.limit,
        window_seconds=room.window,
        resets_at=_time(room.resets_at),
    )


def _resource(resource: Resource | None) -> ResourceEntry | None:
    if resource is None:
        return None
    return ResourceEntry(
        api_version=resource.api_version,
        kind=resource.kind,
        namespace=resource.namespace or None,
        name=resource.name or None,
    )


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
