"""Dates with and without padding, in the default policy and in the order `calver`."""

from __future__ import annotations

from tests.policy.schemes.row import Keys, Row, keep, move

_CALVER: Keys = {"order": "calver"}

# In the order of time, for each way to write dates.
WRITTEN = [
    ("v2026-9-01", "v2026-11-04", "v2027-1-01"),
    ("2026-9-1", "2026-9-30", "2026-10-1"),
    ("2026_9_1", "2026_9_12", "2026_11_4"),
    ("2026-9", "2026-10", "2027-1"),
    ("2026_9", "2026_12", "2027_1"),
    ("release-2026-9-1", "release-2026-9-12", "release-2026-11-4"),
    ("release-2026-9", "release-2026-10", "release-2027-1"),
    ("2026-9-1-3", "2026-9-1-12", "2026-10-1-1"),
    ("2026-09-01-3", "2026-09-01-12", "2026-10-01-1"),
    ("2026_9_1_3", "2026_9_1_12", "2026_10_1_1"),
    ("2026-9-1-alpine", "2026-9-12-alpine", "2026-10-1-alpine"),
    ("app_2026-9-1", "app_2026-9-12", "app_2026-12-1"),
    ("2026-9-01", "2026-10-04", "2027-1-02"),
    ("2026-09-1", "2026-09-12", "2026-10-2"),
    ("2026.9.1", "2026.9.12", "2026.10.1"),
    ("2026.9", "2026.10", "2027.1"),
    ("2026-09-01", "2026-09-12", "2026-10-01"),
    ("2026-09", "2026-10", "2027-01"),
    ("20260901", "20260912", "20261001"),
    ("202609011530", "202609011531", "202610010000"),
    ("nightly-2026-9-1", "nightly-2026-9-12", "nightly-2026-10-1"),
    ("2026-9-1-4f2a9c1", "2026-9-12-1234567", "2026-10-1-9e107d9"),
    ("2026-9-30", "2026-10-01", "2026-11-1"),
    ("2026w05", "2026w12", "2027w01"),
    ("2026-W9", "2026-W10", "2027-W1"),
    ("release-2026.w05", "release-2026.w06", "release-2026.w12"),
    ("2026w05-4f2a9c1", "2026w06-1234567", "2026w07-9e107d9"),
    ("2026-01-05_12-30-00", "2026-01-05_12-31-59", "2026-02-06_09-15-00"),
    ("2026-01-05_12-30-00.123_UTC", "2026-01-05_12-30-01.045_UTC", "2026-02-06_09-15-00.001_UTC"),
    ("2026-01-05-12-30", "2026-01-05-13-00", "2026-01-06-09-15"),
]

SHAPE = [
    row
    for first, second, third in WRITTEN
    for row in (
        move(first, f"{second} {third} 1.2.3 latest", third, "other"),
        move(first, second, second, "other"),
        move(second, f"{first} {third}", third, "other"),
        keep(third, f"{first} {second} latest 9.9.9"),
    )
]

# The order calver starts from what is no date, in every way that the documentation names.
FIRST = [
    *(
        move(current, f"{first} {third} {second} 1.2.3 main", third, "other", _CALVER, "adopted")
        for current in ("latest", "stable")
        for first, second, third in (
            ("20240105", "20240106", "20240201"),
            ("202401051530", "202401051531", "202402010000"),
            ("20240105153059", "20240105153100", "20240201000000"),
            ("2024-01-05", "2024-01-06", "2024-02-01"),
            ("2024_01_05", "2024_01_06", "2024_02_01"),
            ("2024-1-5", "2024-1-12", "2024-2-1"),
            ("2024_1_5", "2024_1_12", "2024_2_1"),
            ("2024.1", "2024.2", "2024.10"),
            ("2024.1.5", "2024.1.12", "2024.2.1"),
            ("2024-9", "2024-10", "2025-1"),
            ("24.04", "24.10", "25.04"),
            ("2026w05", "2026w12", "2027w01"),
            ("v2024.1.5", "v2024.1.12", "v2024.2.1"),
            ("v2026-9-01", "v2026-11-04", "v2027-1-01"),
        )
    ),
    move("latest", "2023.12 2024.1 2024.01.05", "2024.01.05", "other", _CALVER, "adopted"),
    move(
        "latest",
        "2024-01-05 2024-01-10 2024-01-10-alpine",
        "2024-01-10",
        "other",
        _CALVER,
        "adopted",
    ),
    keep("latest", "2024-01-05", "no-order", {**_CALVER, "adopt": False}),
]

BY_CALVER = [
    row
    for first, second, third in WRITTEN
    for row in (
        move(first, f"{second} {third} nope", third, "other", _CALVER),
        keep(third, f"{first} {second}", "current", _CALVER),
    )
]

# Behind the month may be a day, or a number of a release or a build: it is a number either way.
# The number behind the year counts too, when it cannot be a month.
BY_NUMBERS = [
    row
    for first, second, third in (
        ("2024.1.5", "2024.1.31", "2024.1.32"),
        ("2024.1.31", "2024.1.45", "2024.1.100"),
        ("2024.1.0", "2024.1.9", "2024.1.123456"),
        ("v2024.1.31", "v2024.1.45", "v2024.2.1"),
        ("app-2024.1.31", "app-2024.1.45", "app-2024.2.1"),
        ("2024-1-31", "2024-1-45", "2024-2-1"),
        ("2024_1_31", "2024_1_45", "2024_2_1"),
        ("2024.1.31-alpine", "2024.1.45-alpine", "2024.2.1-alpine"),
        ("2024.1.5.200", "2024.1.32.1", "2024.1.32.12"),
        ("24.04", "24.04.5", "24.04.45"),
        ("24.4.31", "24.4.45", "24.5.1"),
        ("2024.12", "2024.99", "2024.100"),
        ("2024.12.7", "2024.13.1", "2024.13.2"),
        ("2024.0", "2024.1", "2025.0"),
        ("v2024.12", "v2024.13", "v2025.1"),
        ("24.12", "24.40", "25.1"),
        ("24.12.3", "24.13.0", "24.52.9"),
        ("v24.9", "v24.13", "v24.52"),
    )
    for row in (
        move(first, f"{second} {third} nope", third, None, _CALVER),
        move(first, second, second, None, _CALVER),
        move(second, f"{first} {third}", third, None, _CALVER),
        keep(second, first, "current", _CALVER),
        keep(third, f"{first} {second}", "current", _CALVER),
    )
]
BY_NUMBERS += [
    move("latest", "2024.1.45 2024.1.31 2024.1.5", "2024.1.45", "other", _CALVER, "adopted"),
    move("latest", "2024.99 2024.100 2023.1 2024.12", "2024.100", "other", _CALVER, "adopted"),
    move("latest", "24.40 24.12 24.9", "24.40", "other", _CALVER, "adopted"),
    # The first real date comes before what only may be one.
    keep("16.13-20240105", "16.14-20240106 16.12-20240107", None, _CALVER),
    move("16.13-20240105", "16.13-20240106 16.14-20240107", "16.13-20240106", None, _CALVER),
    # Behind another separator is a revision of the month.
    move("2024.1-5", "2024.1.3 2024.1-6", "2024.1.3", "other", {**_CALVER, "variant": "any"}),
]

# The date of a build behind its version goes up by itself, and starts anew with a version.
BEHIND_VERSIONS = [
    row
    for first, second, third, newer in (
        ("1.0-2026-9-1", "1.0-2026-9-30", "1.0-2026-10-1", "1.1-2026-8-1"),
        ("1.0-2026-09-01", "1.0-2026-09-30", "1.0-2026-10-01", "1.1-2026-08-01"),
        ("v1-2026-9-1", "v1-2026-9-30", "v1-2026-10-1", None),
        ("1.2.3_2026_9_1", "1.2.3_2026_9_30", "1.2.3_2026_10_1", "1.2.4_2026_8_1"),
        ("1.2.3-alpine-2026-9-1", "1.2.3-alpine-2026-9-30", "1.2.3-alpine-2026-10-1", None),
        ("1.2.3-main-2026-9-1", "1.2.3-main-2026-9-30", "1.2.3-main-2026-10-1", None),
        ("1.2.3-2026-9-1-slim", "1.2.3-2026-9-30-slim", "1.2.3-2026-10-1-slim", None),
        ("1.2.3-2026-9-1-3", "1.2.3-2026-9-1-12", "1.2.3-2026-10-1-1", None),
        ("1.2.3-2026-09-30", "1.2.3-2026-10-1", "1.2.3-2026-11-04", "1.2.4-2026-1-1"),
        (
            "1.2.3-2026-09-01T15-30-00Z",
            "1.2.3-2026-09-01T15-31-00Z",
            "1.2.3-2026-10-01T00-00-00Z",
            "1.2.4-2026-08-01T00-00-00Z",
        ),
        ("1.2.3-2026-09-01-153000", "1.2.3-2026-09-01-153100", "1.2.3-2026-10-01-000000", None),
        ("1.2.3-2026-9-1-4f2a9c1", "1.2.3-2026-9-12-1234567", "1.2.3-2026-10-1-9e107d9", None),
        ("1.2.3-4f2a9c1-2026-9-1", "1.2.3-1234567-2026-9-12", "1.2.3-9e107d9-2026-10-1", None),
        ("1.2.3-2026w05", "1.2.3-2026w12", "1.2.3-2027w01", "1.2.4-2026w01"),
        ("1.2.3-rc.1-2026-9-1", "1.2.3-rc.1-2026-9-30", "1.2.3-rc.1-2026-10-1", None),
    )
    for row in (
        move(first, f"{second} {third} latest", third, "patch"),
        keep(third, f"{first} {second} latest", "current"),
        *([move(third, f"{first} {second} {newer}", newer)] if newer else []),
        move(first, f"{second} {third}", third, "patch", {"semver": ">=1-0"}),
    )
]

# What only looks like a date.
NONE = [
    keep("1.2.3-2026-13-1", "1.2.3-2026-14-1 1.2.4-2026-15-1"),
    keep("1.2.3-3026-9-1", "1.2.3-3026-10-1"),
    keep("1.2.3-2026-9_1", "1.2.3-2026-10_1"),
    keep("1.2.3-cve-2026-12345", "1.2.3-cve-2027-12345 1.2.4-cve-2028-12345"),
    keep("1.2.3-2026-9-1", "1.2.4 1.2.4-slim 1.2.4-20261001"),
    keep("22.04", "24.04 26.04", "max"),
    keep("1.2.3", "2026-9-1 2026_10_1 v2026-11-04 20261001 2026-9"),
    keep("2026-9-1", "3000.1.1 9999-9-9 2026-13-1 1.2.3"),
    keep("14", "2026-9-1 20260901 2026-9"),
    keep("2026w54", "2026w55 2026w60"),
    keep("2026w05", "2026-9-1 1.2.3 2026"),
]

ROWS: list[Row] = [*SHAPE, *FIRST, *BY_CALVER, *BY_NUMBERS, *BEHIND_VERSIONS, *NONE]
