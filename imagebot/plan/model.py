"""A plan: the ordered updates, everything kept and why, everything that failed.

These are the values that every command prints and `publish` carries out.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Literal

from imagebot.manifest.images.field import FieldEdit, ImageField, Unread
from imagebot.manifest.images.layers import Layers
from imagebot.policy.model import Decision
from imagebot.problem import Problem
from imagebot.values import dataclass

PublishStatus = Literal[
    "committed", "opened", "updated", "unchanged", "waiting-for-people", "closed", "failed"
]


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """Whose plan it is; a folder has neither.

    `name` is for people and may change when other targets are added. `identity` is the target's
    URL and branch in one spelling (`git.url.identity_of`).
    """

    name: str = ""
    identity: str = ""


FOLDER = PlanTarget()
"""A folder: it has no target."""


def update_id(identity: str, field: ImageField, new: tuple[str | None, str | None]) -> str:
    """The id of the update that makes a field of a target say `new`, a tag and a digest."""
    tag, digest = new
    repository = str(field.reference.repository)
    words = (identity, *field.place, repository, tag or "", digest or "")
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A field, the name of its route, and the decision to write something else.

    `route` is "" for what is written by hand (`imagebot set`): no route publishes it. `again` when
    somebody lifted a veto of it (`imagebot run --again`): what is published says so.
    """

    target: PlanTarget
    field: ImageField
    route: str
    decision: Decision
    again: bool = False
    # Asked for again and again, and it takes 10 µs.
    _id: str = dataclasses.field(default="", init=False, repr=False, compare=False)

    @property
    def tag(self) -> str | None:
        """The tag to write; None when the field keeps the one it has."""
        return None if self.field.keeps_tag else self.decision.tag

    @property
    def digest(self) -> str | None:
        """The digest to write; None when the field keeps what it has."""
        return self.decision.digest

    @property
    def id(self) -> str:
        """Names the same update of the same field in every run: 12 hexadecimal digits.

        From the target's identity, the field's place and the new reference, and nothing else: what
        people refused stays refused when lines, routes or names of targets change. Two fields in
        one place (`ImageField.place`) have one id.
        """
        if not self._id:
            current = self.field.reference
            new = (self.tag or current.tag, self.digest or current.digest)
            object.__setattr__(self, "_id", update_id(self.target.identity, self.field, new))
        return self._id

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
    """A field, and the decision to keep what it says.

    `route` is the name of its route where its policy was asked, "" where there was nothing to ask.
    """

    target: PlanTarget
    field: ImageField
    decision: Decision
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of a change: one commit, or one pull request.

    `before` is the head that a commit on the target's own branch was made on.
    """

    target: str
    route: str
    status: PublishStatus
    updates: tuple[str, ...] = ()
    commit: str = ""
    before: str = ""
    branch: str = ""
    number: int = 0
    url: str = ""

    @property
    def as_before(self) -> bool:
        """Whether it is as the pass before left it."""
        return self.status in ("unchanged", "waiting-for-people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Updates and kept fields are ordered by target, path and place in the file.

    `kept` may be made when it is looked at; its length is known before. `layers` are those of the
    inventory: the files of one target. `unmoved`: every field is settled on what it says.
    """

    updates: tuple[Update, ...] = ()
    kept: Sequence[Kept] = ()
    problems: tuple[Problem, ...] = ()
    unread: tuple[Unread, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    layers: Layers = field(default_factory=dict)
    unmoved: bool = field(default=False, compare=False)


def owned_by(target: str, plan: Plan) -> Plan:
    """The plan with the target's name in each problem."""
    return replace(plan, problems=tuple(replace(each, target=target) for each in plan.problems))


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """One plan of many, in the order given."""
    every = tuple(plans)
    if len(every) == 1:
        return replace(every[0], layers={})
    return Plan(
        updates=tuple(update for plan in every for update in plan.updates),
        kept=tuple(kept for plan in every for kept in plan.kept),
        problems=tuple(problem for plan in every for problem in plan.problems),
        unread=tuple(unread for plan in every for unread in plan.unread),
        warnings=tuple(warning for plan in every for warning in plan.warnings),
    )
