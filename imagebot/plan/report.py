"""Plans and scans as JSON documents, whose names are stable and whose schemas are published.

Every document carries `schemaVersion`; new keys may be added within a version. Times are
RFC 3339 in UTC, absent values are null. The schemas are docs/schema/*.schema.json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from imagebot.errors import Problem
from imagebot.manifest.images.field import ImageField, Resource, Unread
from imagebot.plan.model import Kept, Plan, Published, Update
from imagebot.policy.model import Decision, Rejection

SCHEMA_VERSION = 1

Document = dict[str, Any]


def plan_document(
    plan: Plan, published: Sequence[Published] = (), *, explain: bool = False
) -> Document:
    """The document of `plan`, `update` and `run`."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "updates": [_update(update, explain=explain) for update in plan.updates],
        "kept": [_kept(kept, explain=explain) for kept in plan.kept],
        "unread": [unread_entry(unread) for unread in plan.unread],
        "problems": [problem_entry(problem) for problem in plan.problems],
        "warnings": list(plan.warnings),
        "published": [_published(entry) for entry in published],
    }


def scan_document(
    fields: Iterable[tuple[ImageField, str | None, str | None]],
    unread: Iterable[Unread],
    problems: Iterable[Problem],
    warnings: Iterable[str] = (),
) -> Document:
    """The document of `scan`; `fields` are (field, policy name, route name)."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "fields": [_field(field, policy, route) for field, policy, route in fields],
        "unread": [unread_entry(entry) for entry in unread],
        "problems": [problem_entry(problem) for problem in problems],
        "warnings": list(warnings),
    }


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

    chosen = None
    if decision.tag is not None or decision.digest is not None:
        chosen = {
            "tag": decision.tag,
            "version": version(decision.tag),
            "digest": decision.digest,
        }
    return {
        "schemaVersion": SCHEMA_VERSION,
        "repository": repository,
        "current": current,
        "chosen": chosen,
        "updateType": decision.update_type,
        "code": decision.code,
        "reason": decision.reason,
        "eligibleAt": _time(decision.eligible_at),
        "candidates": [{"tag": tag, "version": version(tag)} for tag in decision.candidates],
        "rejected": [
            {**_rejection(rejection), "version": version(rejection.tag)}
            for rejection in decision.rejections
        ],
    }


def unread_entry(unread: Unread) -> Document:
    return {
        "path": unread.path,
        "line": unread.line or None,
        "code": unread.code,
        "reason": unread.reason,
    }


def problem_entry(problem: Problem) -> Document:
    return {
        "scope": problem.scope,
        "subject": problem.subject,
        "path": problem.path or None,
        "line": problem.line or None,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint or None,
    }


def _field(field: ImageField, policy: str | None, route: str | None) -> Document:
    reference = field.reference
    return {
        "path": field.path,
        "line": field.line,
        "column": field.column,
        "format": field.format,
        "resource": _resource(field.resource),
        "container": field.container,
        "reference": str(reference),
        "repository": str(reference.repository),
        "tag": reference.tag,
        "digest": reference.digest,
        "policy": policy,
        "route": route,
    }


def _update(update: Update, *, explain: bool) -> Document:
    field = update.field
    current = field.reference
    document: Document = {
        "id": update.id,
        "target": update.target.name or None,
        "path": field.path,
        "line": field.line,
        "resource": _resource(field.resource),
        "repository": str(current.repository),
        "from": {"tag": current.tag, "digest": current.digest},
        "to": {"tag": update.tag or current.tag, "digest": update.digest or current.digest},
        "updateType": update.decision.update_type,
        "policy": update.decision.policy,
        "route": update.route,
        "code": update.decision.code,
        "reason": update.decision.reason,
    }
    return document | _explanation(update.decision, explain=explain)


def _kept(kept: Kept, *, explain: bool) -> Document:
    document: Document = {
        "target": kept.target.name or None,
        "path": kept.field.path,
        "line": kept.field.line,
        "reference": str(kept.field.reference),
        "policy": kept.decision.policy or None,
        "code": kept.decision.code,
        "reason": kept.decision.reason,
        "settled": kept.decision.settled,
        "eligibleAt": _time(kept.decision.eligible_at),
    }
    return document | _explanation(kept.decision, explain=explain)


def _explanation(decision: Decision, *, explain: bool) -> Document:
    if not explain:
        return {}
    return {
        "candidates": list(decision.candidates),
        "rejected": [_rejection(rejection) for rejection in decision.rejections],
    }


def _rejection(rejection: Rejection) -> Document:
    return {
        "tag": rejection.tag,
        "rule": rejection.rule,
        "reason": rejection.reason,
        "eligibleAt": _time(rejection.eligible_at),
    }


def _published(entry: Published) -> Document:
    pull_request = {"number": entry.number, "url": entry.url} if entry.number else None
    return {
        "target": entry.target,
        "route": entry.route,
        "status": entry.status,
        "updates": list(entry.updates),
        "commit": entry.commit or None,
        "branch": entry.branch or None,
        "pullRequest": pull_request,
    }


def _resource(resource: Resource | None) -> Document | None:
    if resource is None:
        return None
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "namespace": resource.namespace or None,
        "name": resource.name or None,
    }


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
