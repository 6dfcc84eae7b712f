"""A plan: the ordered updates, everything kept and why, everything that failed.

These are the values that every command prints and `publish` carries out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from imagebot.errors import Problem
from imagebot.manifest.images.field import FieldEdit, ImageField, Unread
from imagebot.policy.model import Rejection, UpdateType

PublishStatus = Literal["committed", "opened", "updated", "unchanged", "closed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A field that moves to another tag, digest or both; `route` is the name of its route.

    `target` is what the target is called, and may change when others are added; `identity` is
    its URL and branch in one spelling, "" for a folder.
    """

    target: str
    identity: str = ""
    field: ImageField
    tag: str | None
    digest: str | None
    kind: UpdateType
    policy: str
    route: str
    code: str
    reason: str
    candidates: tuple[str, ...] = ()
    rejections: Sequence[Rejection] = ()

    @property
    def id(self) -> str:
        """Names the same update of the same field in every run: 12 hexadecimal digits."""
        field = self.field
        place = (self.identity, field.path, str(field.document), *map(str, field.keys))
        text = "\0".join((*place, self.tag or "", self.digest or ""))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def edit(self) -> FieldEdit:
        return FieldEdit(self.field, self.tag, self.digest)

    @property
    def new_reference(self) -> str:
        """What the field's reference becomes, in its own spelling."""
        current = self.field.reference
        return str(current.to(self.tag or current.tag, self.digest or current.digest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A field that stays as it is, and why."""

    target: str
    field: ImageField
    policy: str
    code: str
    reason: str
    eligible_at: datetime | None = None
    candidates: tuple[str, ...] = ()
    rejections: Sequence[Rejection] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of a change: one commit, or one pull request."""

    target: str
    route: str
    status: PublishStatus
    updates: tuple[str, ...] = ()
    commit: str = ""
    branch: str = ""
    number: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Updates and kept fields are ordered by target, path and place in the file."""

    updates: tuple[Update, ...] = ()
    kept: tuple[Kept, ...] = ()
    problems: tuple[Problem, ...] = ()
    unread: tuple[Unread, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """One plan of many, in the order given."""
    every = tuple(plans)
    return Plan(
        updates=tuple(update for plan in every for update in plan.updates),
        kept=tuple(kept for plan in every for kept in plan.kept),
        problems=tuple(problem for plan in every for problem in plan.problems),
        unread=tuple(unread for plan in every for unread in plan.unread),
        warnings=tuple(warning for plan in every for warning in plan.warnings),
    )
