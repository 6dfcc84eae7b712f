"""Policies and what choosing by them gives, as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from imagebot.values import dataclass
from imagebot.version.reading import ALONE, Reading

if TYPE_CHECKING:
    from imagebot.policy.pattern import Pattern
    from imagebot.version.range import Range

Order = Literal[
    "shape", "semver", "numerical", "alphabetical", "natural", "calver", "pushed", "created", "none"
]
VersionSyntax = Literal["natural", "strict"]
Prerelease = Literal["never", "same-release", "allow"]
Pin = Literal["with-tag", "always"]
UnknownAge = Literal["reject", "accept"]
Size = Literal["patch", "minor", "major"]
UpdateType = Literal["major", "minor", "patch", "digest", "other"]

TIMED_ORDERS: frozenset[Order] = frozenset({"pushed", "created"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """Tags that are not to be taken: a version range, or one tag.

    `until` is the last day, in UTC, on which it holds.
    """

    versions: str
    reason: str
    until: date | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rule that chooses one tag of many, with everything it extends merged in.

    `order` is `shape` unless the policy has a range (then it is `semver`), names an order, or says
    nothing that is about choosing a tag (then it is `none`: the tag never changes).
    `include` and `exclude` are globs, or expressions between slashes. `variant` is "same", "any",
    "none", or a glob over the variant. `max` None allows any step. `pin` and `follow`
    concern digests. `version_of` is a moving tag: of the candidates, the one that has its digest is
    taken. `adopt` None: the policy does not say whether it replaces a tag that cannot be
    compared, and what is usual depends on the reference (`adoption.adopts`).
    `ignored` is the built-in policy `ignore`: fields that are deliberately left alone.
    """

    name: str
    order: Order = "shape"
    descending: bool = False
    range: Range | None = None
    version_syntax: VersionSyntax = "natural"
    pattern: Pattern | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    prerelease: Prerelease = "same-release"
    variant: str = "same"
    max: Size | None = None
    allow_downgrade: bool = False
    ignore: tuple[Ignored, ...] = ()
    follow: str | None = None
    version_of: str | None = None
    pin: Pin | None = None
    min_age: timedelta | None = None
    min_age_unknown: UnknownAge = "reject"
    platforms: tuple[str, ...] = ()
    exists: bool = False
    adopt: bool | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """The first rule that refused a tag; `eligible_at` when time alone will change that.

    `rule` is the policy key, or the name of a built-in rule such as `shape` or `downgrade`.
    """

    tag: str
    rule: str
    reason: str
    eligible_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a policy makes of a repository's tags.

    `candidates` are best first and include the current tag where the policy allows it. When there
    are none, or the current tag stays best, `code` and `reason` say why; `code` is `adopted` when
    the current tag cannot be compared and the policy takes its best candidate all the same.
    `successors` are the candidates, best first, that may take the current tag's place: none when
    it stays. `rejections` are in the order of their tags, and worked out only when looked at: a
    repository may have a hundred thousand tags, and most passes explain none of them.
    `allows_none` when the policy refuses every tag there is and the current one. `floating` when
    the reference has a digest and its tag is one that moves (`floating.is_floating`): where the tag
    stays, its digest follows it. `settled` is false when the tags are not enough to decide from:
    the list is empty, or has neither the current tag nor one that may take its place. `tied` are
    groups of successors that the order cannot tell apart and that may be different images.
    `reading` is how the tags of the list were read. `current_listed` is false when there is a list,
    and the current tag is not in it.
    """

    candidates: tuple[str, ...]
    rejections: Sequence[Rejection]
    code: str
    reason: str
    successors: tuple[str, ...] = ()
    eligible_at: datetime | None = None
    allows_none: bool = False
    floating: bool = False
    settled: bool = True
    tied: tuple[tuple[str, ...], ...] = ()
    reading: Reading = ALONE
    current_listed: bool = True

    @property
    def moves(self) -> bool:
        """Whether the first candidate is to take the current tag's place."""
        return bool(self.successors)

    def tied_with(self, tag: str) -> tuple[str, ...]:
        """The group of candidates that a tag is in; empty for a tag that has its place alone."""
        return next((group for group in self.tied if tag in group), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy says of one field: a tag, a digest or both to write, or to keep what it has.

    `policy` is the name of the policy, "" where none governs the field. `update_type` is None for
    a field that is kept. `settled` is false when something kept the policy from deciding (a
    registry that does not answer, a list without tags, a limit): such a decision is evidence of
    nothing. `code` is stable (docs/policies.md lists them), `reason` a sentence for people.
    `candidates` and `rejections` explain the decision; what a gate rejected is among the latter.
    `allows_none` when the policy rejects every tag there is, the current one too: it is probably
    wrong. `variant` says what becomes of the platform, as `debian-11 -> debian-12`, "" where it
    stays; `reading` is how the tags of the list were read. `current_listed` is as in `Choice`, and
    false where the registry has no image of that tag.
    """

    policy: str = ""
    tag: str | None = None
    digest: str | None = None
    update_type: UpdateType | None = None
    code: str
    reason: str
    settled: bool = True
    eligible_at: datetime | None = None
    candidates: tuple[str, ...] = ()
    rejections: Sequence[Rejection] = ()
    allows_none: bool = False
    variant: str = ""
    reading: Reading = ALONE
    current_listed: bool = True

    @property
    def moves(self) -> bool:
        return self.update_type is not None
