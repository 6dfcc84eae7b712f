"""Pre-releases: one order with and without a range, and SemVer's own where it is asked for."""

from __future__ import annotations

from tests.policy.schemes.row import Keys, Row, keep, move

# (lower, higher) as people count.
PAIRS = [
    ("0.9.0-dev-9", "0.9.0-dev-12"),
    ("0.9.0-dev.9", "0.9.0-dev.12"),
    ("0.9.0-dev9", "0.9.0-dev12"),
    ("0.9.0-rc9", "0.9.0-rc10"),
    ("0.9.0-rc.9", "0.9.0-rc.10"),
    ("0.9.0-rc-9", "0.9.0-rc-10"),
    ("0.9.0rc9", "0.9.0rc10"),
    ("0.9.0-RC9", "0.9.0-RC10"),
    ("0.9.0.rc9", "0.9.0.rc10"),
    ("0.9.0-alpha_2", "0.9.0-alpha_10"),
    ("0.9.0_alpha2", "0.9.0_alpha10"),
    ("0.9.0-beta2", "0.9.0-beta11"),
    ("0.9.0-beta99", "0.9.0-beta100"),
    ("0.9.0-M9", "0.9.0-M10"),
    ("0.9.0-snapshot-9", "0.9.0-snapshot-10"),
    ("0.9.0-nightly.9", "0.9.0-nightly.10"),
    ("0.9.0-preview9", "0.9.0-preview10"),
    ("0.9.0-milestone.9", "0.9.0-milestone.10"),
    ("v0.9.0-rc9", "v0.9.0-rc10"),
    ("0.9.0-rc9-alpine", "0.9.0-rc10-alpine"),
    ("0.9.0-alpha.9", "0.9.0-beta.1"),
    ("0.9.0-beta10", "0.9.0-rc1"),
    ("0.9.0-RC1", "0.9.0"),
    ("0.9.0-alpha_2", "0.9.0"),
    ("0.9.0-rc.1", "0.9.0-rc.1.1"),
    ("0.9.0-rc1", "0.9.1"),
]

ORDERS: list[Keys | None] = [
    None,
    {"prerelease": "allow"},
    {"semver": ">=0.9.0-0"},
    {"semver": "*-0"},
    {"semver": "^0.9.0-0", "version-syntax": "natural"},
    {"semver": ">=0.8.0", "prerelease": "same-release"},
]

SAME_ORDER = [
    row
    for low, high in PAIRS
    for keys in ORDERS
    for row in (move(low, high, high, "patch", keys), keep(high, low, None, keys))
]

# The best of many, with and without a range.
BEST = [
    row
    for keys in ({"prerelease": "allow"}, {"semver": ">=0.9.0-0"}, {"semver": "*-0"})
    for row in (
        move("0.9.0-rc1", [f"0.9.0-rc{n}" for n in range(2, 12)], "0.9.0-rc11", "patch", keys),
        move(
            "0.9.0-beta_1",
            [f"0.9.0-beta_{n}" for n in range(2, 12)],
            "0.9.0-beta_11",
            "patch",
            keys,
        ),
        move("0.9.0-rc.1", "0.9.0-rc.2 0.10.0-rc.1 0.10.0-beta.9", "0.10.0-rc.1", "minor", keys),
        move("0.9.0", "0.9.0-rc9 0.10.0-rc9 0.10.0-rc10", "0.10.0-rc10", "minor", keys),
    )
]

# `strict` compares words by their bytes, and a number is below a word.
_STRICT: Keys = {"semver": "*-0", "version-syntax": "strict"}
STRICT = [
    keep("0.9.0-rc9", "0.9.0-rc10", "current", _STRICT),
    move("0.9.0-rc10", "0.9.0-rc9", "0.9.0-rc9", "patch", _STRICT),
    keep("0.9.0-dev-9", "0.9.0-dev-12", "current", _STRICT),
    move("0.9.0-rc.9", "0.9.0-rc.10", "0.9.0-rc.10", "patch", _STRICT),
    keep("0.9.0-rc.1", "0.9.0-RC.2", "current", _STRICT),
    move("0.9.0-1", "0.9.0-alpha", "0.9.0-alpha", "patch", _STRICT),
    move("0.9.0-alpha.9", "0.9.0-alpha.beta", "0.9.0-alpha.beta", "patch", _STRICT),
    move("0.9.0-alpine", "0.9.0", "0.9.0", "patch", _STRICT),
]

# Without a policy a release never becomes a pre-release, nor one of another release or stream.
DEFAULT = [
    keep("1.2.3", "1.3.0-rc.1 2.0.0-beta1 1.2.4rc1 1.2.4.dev3 1.2.4-SNAPSHOT 1.3.0_alpha_1"),
    keep("1.3.0-rc9", "1.4.0-rc1 1.3.0-nightly.1 1.3.0-dev-12"),
    keep("1.3.0-dev-9", "1.3.0-rc1 1.4.0-dev-1 1.3.0-nightly-12"),
    move("1.3.0-dev-9", "1.3.0-dev-12 1.4.0-dev-13", "1.3.0-dev-12", "patch"),
    move("1.3.0-dev-9", "1.3.0-dev-12 1.3.0", "1.3.0", "patch"),
    move("1.3.0-rc9", "1.3.0-rc10 1.4.0", "1.4.0", "minor"),
    move("1.3.0rc9", "1.3.0rc10 1.3.0b1", "1.3.0rc10", "patch"),
]

# A build that may have a commit, beside a release that has none.
_ALLOW: Keys = {"prerelease": "allow"}
UNKNOWN = [
    move("1.0.0", "1.0.0-dev.1234567 1.0.1-dev.7654321", "1.0.1-dev.7654321", "patch", _ALLOW),
    keep("1.0.0", "1.0.0-dev.1234567", None, _ALLOW),
    keep("1.0.0", "1.0.0-1234567 0.9.0-7654321", None, {"variant": "any"}),
]

# Nothing orders a number and what is, or may be, a commit in its place.
BESIDE_NUMBERS = [
    row
    for commit in ("1234567", "abcdef1", "g1234567", "4f2a9c1d")
    for keys in (None, _ALLOW, {"semver": "*-0"}, {"order": "natural"})
    for row in (
        keep(f"1.3.0-beta.{commit}", "1.3.0-beta.2 1.3.0-beta.12", None, keys),
        keep("1.3.0-beta.2", f"1.3.0-beta.{commit} 1.3.0-beta.1", None, keys),
        keep(f"1.3.0-SNAPSHOT-{commit}", "1.3.0-SNAPSHOT-7 1.3.0-SNAPSHOT-8", None, keys),
        keep(f"1.3.0-dev.5.{commit}", "1.3.0-dev.5.9", None, keys),
        keep("1.3.0-dev.5", f"1.3.0-dev.{commit}-9", None, keys),
        keep("1.3.0-dev.5-alpine", f"1.3.0-dev.{commit}-9-alpine", None, keys),
        # What is before that place decides.
        move(f"1.3.0-dev.5-{commit}", "1.3.0-dev.7", "1.3.0-dev.7", "patch", keys),
        move("1.3.0-dev.5", f"1.3.0-dev.7-{commit}", f"1.3.0-dev.7-{commit}", "patch", keys),
        move(f"1.3.0-alpha-{commit}", "1.3.0-beta.2", "1.3.0-beta.2", "patch", keys),
        move("1.3.0-alpha.2", f"1.3.0-beta-{commit}", f"1.3.0-beta-{commit}", "patch", keys),
        move(f"1.3.0-beta.{commit}", "1.3.0-beta.2 1.3.0", "1.3.0", "patch", keys),
    )
]

ROWS: list[Row] = [*UNKNOWN, *BESIDE_NUMBERS, *SAME_ORDER, *BEST, *STRICT, *DEFAULT]
