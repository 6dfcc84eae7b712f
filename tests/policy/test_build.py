from dataclasses import fields
from datetime import date, datetime, timedelta

import pytest

from imagebot.errors import InvalidPolicyError
from imagebot.policy.build import build_policy
from imagebot.policy.build_values import is_platform
from imagebot.policy.builtin import BUILT_IN, IGNORE, SHAPE
from imagebot.policy.duration import parse_duration, show_duration
from imagebot.policy.keys import POLICY_KEYS
from imagebot.policy.model import Ignored, Policy
from imagebot.policy.pattern import Pattern
from imagebot.version.range import parse_range


def test_no_keys_give_the_defaults() -> None:
    assert build_policy("p", {}) == Policy(name="p")


def test_the_built_in_policies() -> None:
    assert BUILT_IN == {"shape": SHAPE, "ignore": IGNORE}
    assert (SHAPE.order, SHAPE.version_syntax, SHAPE.max, SHAPE.adopt) == (
        "shape",
        "natural",
        "minor",
        False,
    )
    assert build_policy("shape", {"max": "minor", "adopt": False}) == SHAPE


# (keys, fields that differ from the defaults)
BUILT = [
    ({"order": "numerical", "descending": True}, {"order": "numerical", "descending": True}),
    ({"pattern": "^a(.*)", "extract": "$1"}, {"pattern": Pattern("^a(.*)", "$1")}),
    ({"pattern": "a", "extract": None, "max": None}, {"pattern": Pattern("a")}),
    ({"include": ["1.*", "/x/"], "exclude": "*-rc*"},
     {"include": ("1.*", "/x/"), "exclude": ("*-rc*",)}),
    ({"prerelease": "allow"}, {"prerelease": "allow"}),
    ({"variant": "alpine*"}, {"variant": "alpine*"}),
    ({"max": "patch"}, {"max": "patch"}),
    ({"allow-downgrade": True}, {"allow_downgrade": True}),
    ({"follow": "stable"}, {"follow": "stable"}),
    ({"version-of": "stable"}, {"version_of": "stable"}),
    ({"version-of": "stable", "semver": "^1", "pin": "digest"},
     {"version_of": "stable", "order": "semver", "range": parse_range("^1"),
      "prerelease": "allow", "pin": "always"}),
    ({"follow": "stable", "max": "minor", "pin": "digest"},
     {"follow": "stable", "max": "minor", "pin": "always"}),
    # Nothing about which tag: the tag never changes.
    ({"pin": "digest"}, {"order": "none", "pin": "always"}),
    ({"pin": {"digest": "with-tag"}}, {"order": "none", "pin": "with-tag"}),
    ({"pin": {"digest": "always"}}, {"order": "none", "pin": "always"}),
    ({"min-age": "3d", "min-age-unknown": "accept"},
     {"order": "none", "min_age": timedelta(days=3), "min_age_unknown": "accept"}),
    ({"platforms": ["linux/amd64", "linux/arm64/v8", "linux/amd64"]},
     {"order": "none", "platforms": ("linux/amd64", "linux/arm64/v8")}),
    ({"exists": True}, {"order": "none", "exists": True}),
    ({"pin": "digest", "exists": True, "max": None},
     {"order": "none", "pin": "always", "exists": True}),
    ({"order": "none"}, {"order": "none"}),
    ({"order": "none", "pin": "digest", "adopt": False},
     {"order": "none", "pin": "always", "adopt": False}),
    # Anything about which tag: the order by shape.
    ({}, {}),
    ({"max": "major"}, {"max": "major"}),
    ({"pin": "digest", "max": "minor"}, {"pin": "always", "max": "minor"}),
    ({"pin": "digest", "adopt": False}, {"pin": "always", "adopt": False}),
    ({"adopt": True}, {"adopt": True}),
    ({"exists": True, "adopt": False}, {"exists": True, "adopt": False}),
    ({"order": "pushed", "max": "minor"}, {"order": "pushed", "max": "minor"}),
    ({"ignore": [{"versions": "bookworm", "reason": "r", "until": "2026-03-31"}]},
     {"ignore": (Ignored("bookworm", "r", date(2026, 3, 31)),)}),
    ({"ignore": ["latest-x"]}, {"ignore": (Ignored("latest-x", ""),)}),
    ({"ignore": [{"versions": "1.x", "until": date(2026, 3, 31)}]},
     {"ignore": (Ignored("1.x", "", date(2026, 3, 31), parse_range("1.x").with_prereleases()),)}),
    ({"ignore": [{"versions": "x-y", "until": datetime(2026, 3, 31, 8)}]},  # noqa: DTZ001  # YAML's
     {"ignore": (Ignored("x-y", "", date(2026, 3, 31)),)}),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "expected"), BUILT)
def test_builds(keys: dict[str, object], expected: dict[str, object]) -> None:
    assert build_policy("p", keys) == Policy(name="p", **expected)  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("prerelease", "takes_any", "stored"),
    [(None, False, "allow"), ("allow", True, "allow"), ("same-release", True, "same-release"),
     ("never", False, "never")],
)  # fmt: skip
def test_a_range_decides_about_prereleases_unless_the_key_does(
    prerelease: str | None, takes_any: bool, stored: str
) -> None:
    policy = build_policy("p", {"semver": "^1 || ^2-0", "prerelease": prerelease})
    assert policy.order == "semver"
    assert policy.range is not None
    assert policy.range.text == "^1 || ^2-0"
    assert (policy.range.any_prerelease, policy.prerelease) == (takes_any, stored)


# (keys, key at fault, position, part of the reason, part of the hint)
ERRORS = [
    ({"semvre": "^1"}, "semvre", None, "not a policy key", "semver"),
    ({"zzz": 1}, "zzz", None, "not a policy key", "known keys"),
    ({"semver": "^1 ||"}, "semver", 5, "missing", '"*"'),
    ({"semver": 1.2}, "semver", None, "number", '"1.2"'),
    ({"semver": True}, "semver", None, "not text", ""),
    ({"semver": "^1", "order": "numerical"}, "order", None, "combined", "remove"),
    ({"order": "semver"}, "order", None, "must be one of", ""),
    ({"order": "numeric"}, "order", None, "must be one of", "numerical"),
    ({"order": "shape"}, "order", None, "must be one of", ""),
    ({"descending": "yes"}, "descending", None, "true or false", ""),
    ({"pattern": "("}, "pattern", 0, "missing )", "RE2"),
    ({"pattern": 5}, "pattern", None, "not text", "quotes"),
    ({"extract": "$1"}, "extract", None, "needs a pattern", ""),
    ({"pattern": "a", "extract": "$1"}, "extract", 0, "no group", ""),
    ({"include": []}, "include", None, "empty", ""),
    ({"include": ["["]}, "include", None, "bracket", ""),
    ({"exclude": ["/(/"]}, "exclude", 0, "missing )", ""),
    ({"exclude": [1]}, "exclude", None, "not text", ""),
    ({"include": ["a"] * 201}, "include", None, "more than", ""),
    ({"prerelease": "sometimes"}, "prerelease", None, "must be one of", ""),
    ({"order": "none", "max": "minor"}, "max", None, "never changes a tag", "order: null"),
    ({"order": "none", "pattern": "a"}, "pattern", None, "never changes a tag", "remove pattern"),
    ({"order": "none", "variant": "any"}, "variant", None, "never changes a tag", ""),
    ({"order": "none", "prerelease": "never"}, "prerelease", None, "never changes a tag", ""),
    ({"order": "none", "ignore": ["1.x"]}, "ignore", None, "never changes a tag", ""),
    ({"order": "none", "adopt": True}, "adopt", None, "never changes a tag", ""),
    ({"order": "none", "semver": "^1"}, "order", None, "combined", "remove"),
    ({"order": "none", "follow": "main"}, "follow", None, "order", "remove"),
    ({"prerelease": "never", "order": "pushed"}, "prerelease", None, "no meaning", "exclude"),
    ({"variant": "["}, "variant", None, "bracket", ""),
    ({"variant": "same", "order": "numerical"}, "variant", None, "no meaning", ""),
    ({"variant": "any", "semver": "1", "version-syntax": "strict"}, "variant", None, "no vari", ""),
    ({"version-syntax": "strict"}, "version-syntax", None, "semver ranges", ""),
    ({"version-syntax": "strict", "order": "natural"}, "version-syntax", None, "semver ranges", ""),
    ({"version-syntax": "strict", "order": "numerical"}, "version-syntax", None, "no meaning", ""),
    ({"version-syntax": "loose"}, "version-syntax", None, "must be one of", ""),
    ({"max": "tiny"}, "max", None, "must be one of", ""),
    ({"max": 1}, "max", None, "must be one of", ""),
    ({"follow": "stable", "semver": "^1"}, "follow", None, "semver", "remove"),
    ({"follow": "stable", "order": "pushed"}, "follow", None, "order", "remove"),
    ({"follow": "stable", "pattern": "a"}, "follow", None, "pattern", "remove"),
    ({"follow": "a b"}, "follow", None, "not a tag", ""),
    ({"version-of": "a b"}, "version-of", None, "not a tag", ""),
    ({"version-of": "a", "follow": "a"}, "follow", None, "version-of", "remove"),
    ({"version-of": "a", "order": "none"}, "version-of", None, "never changes a tag", "remove"),
    ({"version-of": "a", "allow-downgrade": True}, "version-of", None, "lower", "allow-downgrade"),
    ({"follow": "stable", "pin": {"digest": "with-tag"}}, "pin", None, "with its tag", "remove"),
    ({"pin": "tag"}, "pin", None, "not a way to pin", "always"),
    ({"pin": {"digest": "never"}}, "pin", None, "not a way to pin", ""),
    ({"pin": {"digest": "with-tag", "x": 1}}, "pin", None, "not a way to pin", ""),
    ({"pin": True}, "pin", None, "not a way to pin", ""),
    ({"descending": True}, "descending", None, "none is given", "add an order"),
    ({"descending": True, "pattern": "a"}, "descending", None, "none is given", "add an order"),
    ({"exclude": ""}, "exclude", None, "matches nothing", "without exclude"),
    ({"include": ["a", ""]}, "include", None, "matches nothing", "without include"),
    ({"variant": ""}, "variant", None, "matches nothing", "alpine"),
    ({"min-age": "3"}, "min-age", 0, "not a valid duration", "3d"),
    ({"min-age": "3d 5x"}, "min-age", 3, "not a valid duration", ""),
    ({"min-age": 3}, "min-age", None, "not a valid duration", ""),
    ({"min-age-unknown": "accept"}, "min-age-unknown", None, "needs min-age", ""),
    ({"min-age": "1d", "min-age-unknown": "maybe"}, "min-age-unknown", None, "must be one of", ""),
    ({"platforms": ["amd64"]}, "platforms", None, "not a platform", "linux/arm64"),
    ({"platforms": ["linux/amd64/v1/x"]}, "platforms", None, "not a platform", ""),
    ({"exists": 1}, "exists", None, "true or false", ""),
    ({"ignore": [{"reason": "x"}]}, "ignore.versions", None, "missing", ""),
    ({"ignore": [{"versions": "1.x", "unitl": "x"}]}, "ignore.unitl", None, "unknown key", ""),
    ({"ignore": [{"versions": "1.x", "until": "soon"}]}, "ignore.until", None, "not a date", "20"),
    ({"ignore": [{"versions": ">=1 <<2"}]}, "ignore.versions", 5, "neither a tag nor a range", ""),
    ({"ignore": [{"versions": 1.5}]}, "ignore.versions", None, "not text", "quotes"),
    ({"ignore": [5]}, "ignore", None, "not an entry", ""),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "key", "position", "reason", "hint"), ERRORS)
def test_refuses(
    keys: dict[str, object], key: str, position: int | None, reason: str, hint: str
) -> None:
    with pytest.raises(InvalidPolicyError) as raised:
        build_policy("p", keys)
    assert (raised.value.key, raised.value.position) == (key, position)
    assert reason in raised.value.reason
    assert hint in raised.value.hint


def test_the_defaults_of_the_table_are_those_of_a_policy() -> None:
    defaults = {field.name: field.default for field in fields(Policy)}
    told = {key.field: key.default for key in POLICY_KEYS.values() if key.field in defaults}
    # These two make values with other keys: a range, and the order that goes with it.
    assert set(POLICY_KEYS) - {name.replace("_", "-") for name in told} == {"semver", "extract"}
    del told["order"]
    assert told == {name: defaults[name] for name in told}


@pytest.mark.parametrize(
    ("text", "valid"),
    [("linux/amd64", True), ("linux/arm/v7", True), ("linux/arm64/v8.1", True),
     ("windows/amd64", True), ("linux/arm64/", False), ("Linux/amd64", False), ("linux", False),
     ("linux/arm/v7/x", False), ("linux/arm v7", False)],
)  # fmt: skip
def test_platforms_as_oci_writes_them(text: str, valid: bool) -> None:
    assert is_platform(text) is valid


@pytest.mark.parametrize(
    ("text", "duration", "shown"),
    [
        ("3d", timedelta(days=3), "3d"),
        ("12h", timedelta(hours=12), "12h"),
        ("1w 2d", timedelta(days=9), "9d"),
        ("1w2d", timedelta(days=9), "9d"),
        ("90m", timedelta(minutes=90), "1h 30m"),
        ("45 s", timedelta(seconds=45), "45s"),
        ("0s", timedelta(), "0s"),
        (" 1d ", timedelta(days=1), "1d"),
    ],
)
def test_durations(text: str, duration: timedelta, shown: str) -> None:
    assert parse_duration("min-age", text) == duration
    assert show_duration(duration) == shown


@pytest.mark.parametrize(
    "text", ["", " ", "d", "3 days", "3D", "-3d", "1.5d", "999999w", "3d,", None]
)
def test_refuses_other_durations(text: object) -> None:
    with pytest.raises(InvalidPolicyError, match=r"^min-age: (not a valid duration|longer)"):
        parse_duration("min-age", text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("3 days", "write 3d"), ("90 Minutes", "write 90m"), ("2weeks", "write 2w"),
     ("3 months", "write a number and"), ("days", "write a number and")],
)  # fmt: skip
def test_says_how_to_write_a_duration(text: str, hint: str) -> None:
    with pytest.raises(InvalidPolicyError) as raised:
        parse_duration("min-age", text)
    assert raised.value.reason == f"not a valid duration: {text!r}"
    assert raised.value.hint.startswith(hint)
