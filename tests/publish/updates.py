"""Updates as a plan has them, made by hand."""

from __future__ import annotations

from imagebot.manifest.images.field import ImageField
from imagebot.plan.model import PlanTarget, Update
from imagebot.policy.model import Decision, UpdateType
from imagebot.reference import parse_reference


def make_update(
    path: str = "clusters/production/api.yaml",
    reference: str = "ghcr.io/acme/api:1.0.0",
    tag: str | None = "1.1.0",
    *,
    digest: str | None = None,
    update_type: UpdateType = "minor",
    route: str = "production",
    line: int = 7,
    reason: str = "the newest of 12 that ^1.0 allows",
    keys: tuple[str | int, ...] = ("spec", "containers", 0, "image"),
) -> Update:
    field = ImageField(
        path=path,
        line=line,
        column=12,
        format="kubernetes",
        document=0,
        keys=keys,
        resource=None,
        container=None,
        reference=parse_reference(reference),
        tag=None,
        digest=None,
    )
    decision = Decision(
        policy="careful",
        tag=tag,
        digest=digest,
        update_type=update_type,
        code="update",
        reason=reason,
    )
    return Update(target=PlanTarget("acme/gitops"), field=field, route=route, decision=decision)
