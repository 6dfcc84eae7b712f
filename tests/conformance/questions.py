"""How imagebot is asked what the other projects' tests ask.

A policy is its keys as `key=value` texts, parted by blanks (`max=major order=calver`), so that a
question is made of texts only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from semver import Version

from imagebot.errors import InvalidPolicyError, InvalidRangeError
from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Policy
from imagebot.policy.pattern import parse_pattern
from imagebot.policy.update_types import update_type_of
from imagebot.version.range import parse_range
from imagebot.version.syntax import read_version
from tests.policy.choosing import choosing, pick, rules

Keys = dict[str, object]

_INCOMPARABLE = frozenset({"shape", "variant", "natural", "semver"})
"""The rules that refuse a tag because it cannot be compared with the current one."""


# Ranges and versions


def range_is_valid(text: str) -> bool:
    try:
        parse_range(text)
    except InvalidRangeError:
        return False
    return True


def range_allows(text: str, version: str) -> bool | str:
    """Whether the range has the version, whose missing numbers are zero."""
    try:
        return parse_range(text).allows(_version(version))
    except InvalidRangeError:
        return "an error"


def range_with_prereleases_allows(text: str, version: str) -> bool:
    return parse_range(text).with_prereleases().allows(_version(version))


def _version(text: str) -> Version:
    return Version.parse(text, optional_minor_and_patch=True)


def strict_policy_takes(text: str, tag: str) -> bool | str:
    """Whether a field without a tag gets this one, by a range in the strict syntax."""
    return _takes({"semver": text, "version-syntax": "strict"}, tag)


def strict_policy_with_prereleases_takes(text: str, tag: str) -> bool | str:
    return _takes({"semver": text, "version-syntax": "strict", "prerelease": "allow"}, tag)


def _takes(keys: Keys, tag: str) -> bool | str:
    try:
        return pick(keys, [tag]) == tag
    except InvalidPolicyError:
        return "an error"


def is_strict_version(text: str) -> bool:
    """Not through a policy: some of the texts cannot be tags."""
    return read_version(text, "strict") is not None


def is_prerelease(text: str) -> bool:
    return is_strict_version(f"1.2.3-{text}")


def strict_order(one: str, other: str) -> str:
    """`<`, `=` or `>`, by which of the two takes the other's place."""
    if one == other:
        return "="
    policy = build_policy("tested", {"semver": "*-0", "version-syntax": "strict"})
    if pick(policy, [one, other], one) == other:
        return "<"
    return ">" if pick(policy, [one, other], other) == one else "="


# Tags


def picks(policy: str, current: str | None, tags: str) -> str | None:
    """The tag that the field has afterwards; None for none, and for a policy that is an error."""
    try:
        return pick(_policy(policy), tags, current)
    except InvalidPolicyError:
        return None


def is_newer(policy: str, tag: str, current: str) -> bool:
    """Whether the tag takes the place of the current one."""
    return tag != current and pick(_policy(policy), [tag, current], current) == tag


def has_order(tag: str) -> bool:
    """Whether the default policy compares the tag with others."""
    return choosing(SHAPE, [tag], tag).code != "no-order"


def is_comparable(tag: str, current: str) -> bool:
    """Whether a tag could ever take the place of the current one, of all that have its form."""
    keys = {"max": "major", "prerelease": "allow"}
    return rules(choosing(keys, [tag, current], current)).get(tag) not in _INCOMPARABLE


def are_one_version(tag: str, current: str) -> bool:
    """Whether the tag replaces a current one that the policy excludes, as its other spelling."""
    keys = {"max": "major", "exclude": [current]}
    return tag == current or choosing(keys, [tag, current], current).code == "equivalent"


def step(current: str, tag: str) -> str | None:
    """What the update is called; None where the tag does not take the current one's place."""
    policy = build_policy("tested", {"max": "major"})
    moves = pick(policy, [current, tag], current) == tag
    return update_type_of(policy, current, tag) if moves else None


def sorts(policy: str, *tags: str) -> tuple[str, ...]:
    """The tags, the lowest first, as a field with the lowest of them sees them."""
    return choosing(_policy(policy), tags, tags[0]).candidates[::-1]


def extracts(pattern: str, extract: str, tags: str) -> str:
    found = parse_pattern(pattern, extract).apply(tags.split())
    return " ".join(text for text in found if text is not None)


def picks_last_pushed(current: str, tags: str) -> str | None:
    """Of tags that were pushed in this order, a day apart; the last push of a tag counts."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = {tag: start + timedelta(days=day) for day, tag in enumerate(tags.split())}
    choice = choosing({"order": "pushed"}, tags, current, times=times)
    return choice.successors[0] if choice.successors else current


def _policy(text: str) -> Policy:
    """`[a,b]` is a list, `true` is true; no keys at all are the built-in policy."""
    if not text:
        return SHAPE
    keys: Keys = {}
    for part in text.split():
        key, _, value = part.partition("=")
        if value.startswith("["):
            keys[key] = value[1:-1].split(",")
        else:
            keys[key] = {"true": True, "false": False}.get(value, value)
    return build_policy("tested", keys)
