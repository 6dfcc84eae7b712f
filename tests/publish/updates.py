"""Updates as a plan has them, made by hand."""

from __future__ import annotations

from imagebot.manifest.images.field import ImageField
from imagebot.plan.model import Update
from imagebot.policy.model import UpdateType
from imagebot.reference import parse_reference


def make_update(
    path: str = "clusters/production/api.yaml",
    reference: str = "ghcr.io/acme/api:1.0.0",
    tag: str | None = "1.1.0",
    *,
    digest: str | None = None,
    kind: UpdateType = "minor",
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
    return Update(
        target="acme/gitops",
        field=field,
        tag=tag,
        digest=digest,
        kind=kind,
        policy="careful",
        route=route,
        code="update",
        reason=reason,
    )
