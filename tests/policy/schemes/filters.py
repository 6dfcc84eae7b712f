"""A filter never lowers a tag that somebody set by hand.

Without `extract`, a current tag that the pattern does not match is compared as what it is.
"""

from __future__ import annotations

from tests.policy.schemes.row import Keys, Row, keep, move

_STRICT: Keys = {"semver": "*-0", "version-syntax": "strict"}
_RC: Keys = {**_STRICT, "pattern": "-RC$"}
_ONE: Keys = {"pattern": r"^1\."}
_EXTRACTED: Keys = {"pattern": "^svc-(.*)$", "extract": "$1"}

SEMVER = [
    keep("1.5.0", "1.4.0-RC", None, _RC),
    keep("1.5.0", "1.4.0-RC 1.5.0-RC 1.2.0-RC", None, _RC),
    keep("v1.5.0", "1.4.0-RC", None, _RC),
    keep("1.5.0-alpine", "1.4.0-RC", None, _RC),
    keep("1.5.0", "1.4.0-RC", None, {**_STRICT, "include": ["*-RC"]}),
    keep("1.5.0", "1.4.0-RC", None, {**_STRICT, "exclude": ["1.5.*"]}),
    keep("2.0.0", "1.9.0 1.8.0", None, {**_ONE, "semver": "*"}),
    keep("2.0.0", "1.9.0", None, {**_ONE, "semver": "*", "version-syntax": "strict"}),
    keep("2.0.0", "1.9.0", None, {**_ONE, "semver": "^1"}),
    keep("2.0.0-alpine", "1.9.0-alpine", None, {**_ONE, "semver": "*"}),
    keep("1.5.0", "1.4.0", None, {"pattern": r"^1\.4\.", "semver": ">=1"}),
    # A date is no version of a range, so an older one is not adopted as if it were.
    keep("2026-05-05", "2026-01-05", None, {"semver": "*"}),
    keep("2026-05-05", "2026-01-05 2026-06-05", None, {"semver": ">=1"}),
    keep("2026w05", "2026w06", None, {"semver": "*"}),
    move("1.5.0", "1.4.0-RC 1.6.0-RC", "1.6.0-RC", "minor", _RC),
    move("1.5.0", "1.5.1-RC", "1.5.1-RC", "patch", _RC),
    move("0.9.0", "1.8.0 1.9.0 2.0.0", "1.9.0", "major", {**_ONE, "semver": "*"}),
    # The current tag is not only larger than the matching ones, it is refused by them.
    move(
        "2.0.0",
        "1.9.0",
        "1.9.0",
        None,
        {**_ONE, "semver": "*", "allow-downgrade": True},
        "downgraded",
    ),
]

# What only the natural syntax reads as a version is not replaced by what is not known to be newer.
_LAX: Keys = {"semver": "*", "version-syntax": "strict"}
NOT_STRICT = [
    *(
        keep(current, f"{lower} 0.1.0", "no-candidate", _LAX)
        for current, lower in (
            ("2.0", "1.9.0"),
            ("2", "1.9.0"),
            ("v2.0", "v1.9.0"),
            ("V2.0.0", "1.9.0"),
            ("1.2.3.4", "1.2.3"),
            ("1.2.3.4", "1.2.2"),
            ("release-2.0.0", "1.9.0"),
            ("nginx-1.27.3", "1.26.0"),
            ("2.0.0.Final", "1.9.9"),
            ("2.0.0_1", "2.0.0"),
            ("2.0.0-01", "2.0.0"),
            ("24.04", "22.10.0"),
            ("2.0.0rc1", "1.9.0"),
        )
    ),
    keep("2.0.0rc1", "2.0.0-rc.0", None, {"semver": "*-0", "version-syntax": "strict"}),
    keep("2.0", "2.0.0-rc.1", None, {"semver": "*-0", "version-syntax": "strict"}),
    move("1.0", "0.9.9 1.0.0", "1.0.0", "other", _LAX, "adopted"),
    move("1.0", "0.9.9 1.0.5", "1.0.5", "other", _LAX, "adopted"),
    move("1.2.3.4", "1.2.3 1.2.4", "1.2.4", "other", _LAX, "adopted"),
    move("2.0.0rc1", "1.9.0 2.0.0", "2.0.0", "other", _LAX, "adopted"),
    move("2.0", "1.9.0", "1.9.0", "other", {**_LAX, "allow-downgrade": True}, "adopted"),
    # Nothing of these is such a version.
    *(
        move(current, "1.9.0", "1.9.0", "other", _LAX, "adopted")
        for current in ("latest", "main-57", "57-4f2a9c1", "1057", "20240507", "php8.2-apache")
    ),
]

NATURAL = [
    keep("2.0.0", "1.9.0 1.8.0", None, {**_ONE, "order": "natural"}),
    keep("2.0.0", "1.9.0", None, _ONE),
    keep("2.0.0", "1.9.0", None, {**_ONE, "max": "major"}),
    keep("2.0.0", "1.9.0", None, {**_ONE, "max": "minor"}),
    keep("2.0.0-alpine3.18", "1.9.0-alpine3.20", None, {**_ONE, "order": "natural"}),
    keep("1.3.0-rc.2", "1.3.0-rc.1", None, {"pattern": r"-rc\.1$", "prerelease": "allow"}),
    keep("1.10.0", "1.9.0", None, {"pattern": r"^1\.9", "order": "natural"}),
    move("0.9.0", "1.8.0 1.9.0 2.0.0", "1.9.0", "major", {**_ONE, "order": "natural"}),
    keep("main-58", "main-57", None, {"pattern": "7$"}),
    move("main-56", "main-57 main-58", "main-57", "other", {"pattern": "7$"}),
]

OTHERS = [
    keep("20", "15 19 20", None, {"pattern": "^1", "order": "numerical"}),
    keep("20", "15 19 100", None, {"pattern": "^1[0-9]$", "order": "numerical"}),
    keep("2.5", "1.5 1.75", None, {"pattern": "^1", "order": "numerical"}),
    move("9", "15 19 20", "19", None, {"pattern": "^1", "order": "numerical"}),
    keep("20240101", "20231231 20231230", None, {"pattern": "^2023", "order": "calver"}),
    keep("2024-01-05", "2023-12-31", None, {"pattern": "^2023", "order": "calver"}),
    keep("2024.1", "2023.12", None, {"pattern": "^2023", "order": "calver"}),
    keep("v20240101", "20231231", None, {"pattern": "^2", "order": "calver"}),
    move(
        "20221231",
        "20231231 20240101",
        "20231231",
        "other",
        {"pattern": "^2023", "order": "calver"},
    ),
    keep(
        "release-c",
        "release-a release-b",
        None,
        {"pattern": "^release-[ab]", "order": "alphabetical"},
    ),
    keep("b", "a", None, {"pattern": "^a", "order": "alphabetical"}),
    move(
        "release-a",
        "release-b release-c",
        "release-b",
        None,
        {"pattern": "[b]$", "order": "alphabetical"},
    ),
]

# With `extract` there is nothing in the current tag that the policy could read.
WITH_EXTRACT = [
    move(
        "5.0.0",
        "svc-2.0.0 svc-1.0.0",
        "svc-2.0.0",
        "other",
        {**_EXTRACTED, "semver": "*"},
        "adopted",
    ),
    move("dev-9", "svc-2 svc-1", "svc-2", "other", {**_EXTRACTED, "order": "numerical"}, "adopted"),
    keep("5.0.0", "svc-2.0.0", "no-order", {**_EXTRACTED, "semver": "*", "adopt": False}),
    keep("svc-3.0.0", "svc-2.0.0 svc-1.0.0", None, {**_EXTRACTED, "semver": "*"}),
    # There is nothing to compare with either, and it may be replaced.
    move("latest", "1.9.0 1.8.0 2.0.0", "1.9.0", "other", {**_ONE, "semver": "*"}, "adopted"),
    move(
        "latest",
        "20231231 20240101",
        "20231231",
        "other",
        {"pattern": "^2023", "order": "calver"},
        "adopted",
    ),
]

ROWS: list[Row] = [*SEMVER, *NOT_STRICT, *NATURAL, *OTHERS, *WITH_EXTRACT]
