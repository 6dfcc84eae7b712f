"""The table of policy keys.

The schema of the configuration, the options of `imagebot pick` and the Policy value are built from
it; tests compare it with docs/configuration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from imagebot.policy.model import Pin, Prerelease, Size, UnknownAge, VersionSyntax
from imagebot.values import dataclass

Kind = Literal[
    "flag", "word", "range", "pattern", "extract", "selectors", "variant", "ignore", "tag", "pin",
    "duration", "platforms", "later",
]  # fmt: skip
"""The type of a key's value. `later` is a key that has a place in the schema, but no code yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKey:
    """One key of a policy.

    `default` is the value in the Policy where the key is not given. `words` are the values of a
    `word`. `chooses` marks keys that choose among tags, which `follow` excludes. `alone` is false
    where the value can only be judged together with another key. `flag`, `metavar` and `help`
    describe the option of `pick` where it differs from the key; `switch` is the value of an option
    that takes none, `bare` the value of one that may be given without. `off` is a second option,
    which turns a flag off.
    """

    name: str
    kind: Kind
    doc: str
    default: object = None
    words: tuple[str, ...] = ()
    chooses: bool = False
    alone: bool = True
    flag: str = ""
    metavar: str = ""
    help: str = ""
    switch: bool | str | None = None
    off: str = ""
    bare: str = ""

    @property
    def field(self) -> str:
        """The attribute of a Policy, and the parameter of `pick`."""
        return self.name.replace("-", "_")

    @property
    def takes_several(self) -> bool:
        return self.kind in ("selectors", "ignore", "platforms")


_TABLE = (
    PolicyKey(
        name="semver",
        kind="range",
        doc="A version range, such as ^1.4 or >=1.2 <2.",
        chooses=True,
        metavar="RANGE",
    ),
    PolicyKey(
        name="order",
        kind="word",
        words=("numerical", "alphabetical", "natural", "calver", "pushed", "created", "none"),
        doc="How tags are ordered; the last one is the best.",
        help="How tags are ordered; the last one is the best. With none, the tag never changes.",
        chooses=True,
    ),
    PolicyKey(
        name="descending",
        kind="flag",
        default=False,
        doc="The first tag in the order is the best.",
        chooses=True,
        alone=False,
        switch=True,
    ),
    PolicyKey(
        name="pattern",
        kind="pattern",
        doc="An RE2 expression, searched anywhere in the tag.",
        chooses=True,
        metavar="RE",
    ),
    PolicyKey(
        name="extract",
        kind="extract",
        doc="What of the pattern is ordered: $1, $name or ${name}.",
        chooses=True,
        alone=False,
        metavar="TEXT",
    ),
    PolicyKey(
        name="version-syntax",
        kind="word",
        words=get_args(VersionSyntax),
        default="natural",
        doc="How versions are read; strict is how Flux reads them.",
        chooses=True,
        alone=False,
        flag="strict",
        switch="strict",
        help="Read versions as Flux does.",
    ),
    PolicyKey(
        name="include",
        kind="selectors",
        default=(),
        doc="Only tags that one of these matches: globs, or RE2 expressions between slashes.",
        chooses=True,
        metavar="GLOB|/RE/",
    ),
    PolicyKey(
        name="exclude",
        kind="selectors",
        default=(),
        doc="No tag that one of these matches: globs, or RE2 expressions between slashes.",
        chooses=True,
        metavar="GLOB|/RE/",
    ),
    PolicyKey(
        name="prerelease",
        kind="word",
        words=get_args(Prerelease),
        default="same-release",
        doc="Which pre-releases are allowed.",
        help="Which pre-releases are allowed; all of them without a value.",
        chooses=True,
        bare="allow",
    ),
    PolicyKey(
        name="variant",
        kind="variant",
        default="same",
        doc="Which variant is allowed: same, any, none, or a glob such as alpine*.",
        chooses=True,
        metavar="same|any|none|GLOB",
    ),
    PolicyKey(
        name="max",
        kind="word",
        words=get_args(Size),
        doc="The largest step that is allowed.",
        help="The largest step that is allowed. With major, runtimes in a variant may move, too.",
        chooses=True,
    ),
    PolicyKey(
        name="allow-downgrade",
        kind="flag",
        default=False,
        doc="Allow tags that are lower than the current one.",
        chooses=True,
        switch=True,
    ),
    PolicyKey(
        name="ignore",
        kind="ignore",
        default=(),
        doc="Version ranges and tags that are never taken.",
        chooses=True,
        metavar="RANGE|TAG",
    ),
    PolicyKey(
        name="follow",
        kind="tag",
        doc="A moving tag whose digest is followed.",
        metavar="TAG",
    ),
    PolicyKey(
        name="version-of",
        kind="tag",
        doc="A moving tag, such as latest, whose image must be the version that is taken.",
        chooses=True,
        metavar="TAG",
    ),
    PolicyKey(
        name="pin",
        kind="pin",
        doc="Write the digest beside the tag.",
        help="Write the digest beside the tag. With with-tag it changes with the tag only.",
    ),
    PolicyKey(
        name="min-age",
        kind="duration",
        doc="How old a tag must be, such as 12h, 3d or 1w 2d.",
        metavar="AGE",
    ),
    PolicyKey(
        name="min-age-unknown",
        kind="word",
        words=get_args(UnknownAge),
        default="reject",
        doc="What happens to a tag whose age is unknown.",
        alone=False,
    ),
    PolicyKey(
        name="platforms",
        kind="platforms",
        default=(),
        doc="The image must exist for all of these platforms, such as linux/arm64.",
        flag="platform",
        metavar="OS/ARCH",
    ),
    PolicyKey(
        name="exists",
        kind="flag",
        default=False,
        doc="The image manifest must exist in the registry.",
        switch=True,
    ),
    PolicyKey(
        name="adopt",
        kind="flag",
        doc="Replace a tag that cannot be compared with the others.",
        switch=True,
        off="no-adopt",
    ),
    PolicyKey(name="signatures", kind="later", doc="not yet: verifying signatures"),
)

PINS: tuple[str, ...] = get_args(Pin)
"""The values of `pin: {digest: …}`."""

POLICY_KEYS: Mapping[str, PolicyKey] = MappingProxyType(
    {key.name: key for key in _TABLE if key.kind != "later"}
)
"""Every key of a policy but `extends`, by name."""

LATER_KEYS: Mapping[str, PolicyKey] = MappingProxyType(
    {key.name: key for key in _TABLE if key.kind == "later"}
)
