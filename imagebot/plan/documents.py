"""The JSON documents of the commands, as types: what is printed and its schema come from these.

Names are stable; new keys may be added within a version. Times are RFC 3339 in UTC, absent values
are null. Keys that only `--explain` prints are left out without it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field, json

from imagebot.plan.model import PublishStatus
from imagebot.policy.model import UpdateType
from imagebot.problem import ProblemScope

SCHEMA_VERSION: Literal[1] = 1

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Version = Annotated[
    str | None, Meta(description="The version that the policy reads in the tag, if any.")
]
Settled = Annotated[bool, Meta(description="False when something kept the policy from deciding.")]
Id = Annotated[str, Meta(description="Names the same update in every pass.")]
RouteName = Annotated[str, Meta(min_length=1)]


class _Entry(Struct, rename="camel", frozen=True):
    """Keys are written in camelCase."""


class TagAndDigest(_Entry, frozen=True):
    tag: str | None
    digest: str | None


class ResourceEntry(_Entry, frozen=True):
    api_version: str
    kind: str
    namespace: str | None
    name: str | None


class RejectionEntry(_Entry, frozen=True):
    tag: str
    rule: str
    reason: str
    eligible_at: Time | None


class FieldEntry(_Entry, frozen=True):
    path: str
    line: int
    column: int
    format: str
    resource: ResourceEntry | None
    container: str | None
    reference: str
    repository: str
    repository_from: Annotated[
        str | None, Meta(description="Where the repository is written, if not in this file.")
    ]
    tag: str | None
    digest: str | None
    policy: str | None
    route: RouteName | None


class UpdateEntry(_Entry, frozen=True):
    id: Id
    target: str | None
    path: str
    line: int
    resource: ResourceEntry | None
    repository: str
    current: TagAndDigest = field(name="from")
    new: TagAndDigest = field(name="to")
    update_type: UpdateType
    policy: str
    route: Annotated[
        RouteName | None, Meta(description="Null for `set`, whose updates no route publishes.")
    ]
    code: str
    reason: str
    candidates: list[str] | UnsetType = UNSET
    rejected: list[RejectionEntry] | UnsetType = UNSET


class KeptEntry(_Entry, frozen=True):
    target: str | None
    path: str
    line: int
    reference: str
    policy: str | None
    code: str
    reason: str
    settled: Settled
    eligible_at: Time | None
    candidates: list[str] | UnsetType = UNSET
    rejected: list[RejectionEntry] | UnsetType = UNSET


class WithheldEntry(_Entry, frozen=True):
    target: str | None
    path: str
    line: int
    repository: str
    tag: Annotated[str | None, Meta(description="Null where only the digest would change.")]
    route: RouteName | None
    code: str
    reason: str
    until: Annotated[Time | None, Meta(description="When time alone lifts it, if it does.")]


class UnreadEntry(_Entry, frozen=True):
    path: str
    line: int | None
    code: str
    reason: str
    hint: Annotated[
        str | UnsetType, Meta(description="What to write so that it is managed, if known.")
    ] = UNSET


class PlaceEntry(_Entry, frozen=True):
    path: str
    line: int


class ProblemEntry(_Entry, frozen=True):
    scope: ProblemScope
    subject: str
    target: str | None
    path: str | None
    line: int | None
    code: str
    message: str
    hint: str | None
    places: Annotated[list[PlaceEntry], Meta(description="The image fields that need what failed.")]


class PullRequestEntry(_Entry, frozen=True):
    number: int
    url: str


class PublishedEntry(_Entry, frozen=True):
    target: str
    route: RouteName
    status: PublishStatus
    updates: list[Id]
    commit: str | None
    branch: str | None
    pull_request: PullRequestEntry | None


class LimitEntry(_Entry, frozen=True):
    host: str
    remaining: int
    limit: int | None
    window_seconds: int | None
    resets_at: str | None


class PickedTag(_Entry, frozen=True):
    tag: str
    version: Version


class Chosen(_Entry, frozen=True):
    tag: str | None
    version: Version
    digest: str | None


class RejectedTag(_Entry, frozen=True):
    tag: str
    rule: str
    reason: str
    eligible_at: Time | None
    version: Version


class PlanDocument(_Entry, frozen=True, kw_only=True):
    """What `imagebot plan`, `update`, `run` and `set` print with --format json."""

    schema_version: Literal[1] = SCHEMA_VERSION
    updates: list[UpdateEntry]
    kept: list[KeptEntry]
    withheld: Annotated[
        list[WithheldEntry],
        Meta(description="What was rolled back or refused, or waits for its age, window or turn."),
    ]
    unread: list[UnreadEntry]
    problems: list[ProblemEntry]
    warnings: list[str]
    published: list[PublishedEntry]
    limits: Annotated[
        list[LimitEntry],
        Meta(description="What registries said last is left of their limits; only of `run`."),
    ]


class ScanDocument(_Entry, frozen=True, kw_only=True):
    """What `imagebot scan` prints with --format json."""

    schema_version: Literal[1] = SCHEMA_VERSION
    fields: list[FieldEntry]
    unread: list[UnreadEntry]
    problems: list[ProblemEntry]
    warnings: list[str]


class PickDocument(_Entry, frozen=True, kw_only=True):
    """What `imagebot pick` prints with --format json."""

    schema_version: Literal[1] = SCHEMA_VERSION
    repository: str
    current: str | None
    chosen: Chosen | None
    update_type: UpdateType | None
    code: str
    reason: str
    settled: Settled
    eligible_at: Time | None
    candidates: list[PickedTag]
    rejected: list[RejectedTag]


DOCUMENTS: dict[str, type[Struct]] = {
    "plan": PlanDocument,
    "scan": ScanDocument,
    "pick": PickDocument,
}


def document_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one of DOCUMENTS."""
    kind = DOCUMENTS[name]
    schema = json.schema(kind)
    definitions = schema["$defs"]
    top = definitions.pop(kind.__name__)
    required = ["schemaVersion", *top.pop("required")]
    for definition in (top, *definitions.values()):
        for key in ("title", "description"):
            definition.pop(key, None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": (kind.__doc__ or "").strip().rstrip("."),
        **top,
        "required": required,
        "$defs": definitions,
    }
