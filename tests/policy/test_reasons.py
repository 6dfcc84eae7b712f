"""What is said about a field that stays: the best of what was newer, and why it was not taken."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.choose import choose
from tests.policy.choosing import choosing, reference
from tests.policy.schemes.row import Keys

AT = datetime(2026, 3, 1, tzinfo=UTC)

# (current, tags, a pattern that the reason contains). Code spans may have backticks.
EXAMPLES = [
    ("v1.17.0", "1.19.0", r"1\.19\.0 is newer but written without the v"),
    ("0.9.2-alpine", "0.9.4-2-alpine", r"0\.9\.4-2-alpine has another shape"),
    ("13.1", "13.1.1", r"13\.1\.1 has three numbers"),
    ("20240507", "1.2.0", r"1\.2\.0 is of another form"),
    (
        "sha-3f2a9c1",
        "sha-9e107d9 latest main",
        r"nothing orders commit hashes; use `?order: created`?, or `?follow`?",
    ),
    ("2.4.1", "3.0.0", r"3\.0\.0 needs `?max: major`?"),
]

# The best of several is named, and what the others share with the examples.
SIBLINGS = [
    ("v1.17.0", "1.18.0 1.19.0 1.16.0", r"1\.19\.0 is newer but written without the v"),
    ("v1.17.0", "1.19.0 1.9.0 1.18.5 latest", r"1\.19\.0 is newer but written without the v"),
    ("v1.17.0-alpine", "1.19.0-alpine", r"1\.19\.0-alpine is newer but written without the v"),
    ("1.17.0", "v1.19.0 v1.18.0", r"v1\.19\.0 is newer but written with (the|a) v"),
    ("0.9.2-alpine", "0.9.4-2-alpine 0.9.3-1-alpine", r"0\.9\.4-2-alpine has another shape"),
    ("13.1", "13.1.1 13.1.2 12.9.9", r"13\.1\.2 has three numbers"),
    ("13.1.1", "13.2 13.3", r"13\.3 has two numbers"),
    ("1.2.3.4", "1.2.4 1.2.5", r"1\.2\.5 has three numbers"),
    ("1.2.3", "1.2.4.1", r"1\.2\.4\.1 has four numbers"),
    ("20240507", "1.2.0 1.1.0", r"1\.2\.0 is of another form"),
    ("2.4.1", "3.0.0 4.0.0 2.4.0", r"4\.0\.0 needs `?max: major`?"),
    ("14", "15 16", r"16 needs `?max: major`?"),
    ("jdk-17", "jdk-21", r"jdk-21 needs `?max: major`?"),
    ("4f2a9c1", "9e107d9 1.2.3", r"nothing orders commit hashes"),
    ("1234567", "7654321 abcdef1 0a1b2c3", r"nothing orders commit hashes"),
    ("sha-1234567", "sha-7654321 sha-abcdef1", r"nothing orders commit hashes"),
    ("main-4f2a9c1", "main-9e107d9 main-0a1b2c3", r"hash"),
    ("1.2.3-alpine", "1.2.4 1.2.4-slim", r"1\.2\.4(-slim)?\b"),
    ("1.2.3", "1.3.0-rc.1", r"1\.3\.0-rc\.1.*pre-release|pre-release.*1\.3\.0-rc\.1"),
    ("6.4.2-php8.2-apache", "6.4.3-php8.3-apache", r"6\.4\.3-php8\.3-apache"),
    # Of the same variant before others, and a release before a pre-release.
    ("1.25-alpine", "1.25.3-perl 1.25.3-alpine 1.25.3", r"^1\.25\.3-alpine has three numbers$"),
    ("3", "3.12.1 3.13.0a3-windows 3.13-rc", r"^3\.12\.1 has three numbers$"),
    ("v1", "v1.2.3 1.3.0-beta.1", r"^v1\.2\.3 has three numbers$"),
    ("7.2.4", "8.0-M02-bookworm 8.0-M02", r"^8\.0-M02 is newer but a pre-release$"),
    ("1.21-alpine", "1.22rc2-alpine3.19 1.22rc2-alpine", r"^1\.22rc2-alpine is newer but a pre-re"),
    ("1.0.0-beta.1", "1.1.0-alpha.1", r"^1\.1\.0-alpha\.1 .* a pre-release of another release or"),
    # What is different is a platform, or something that nobody knows.
    ("6.4.2-php8.2-apache", "6.4.3-php8.1-apache", r"apache is newer but on another platform$"),
    ("6.4.2-php8.2", "6.4.2-php8.3", r"^6\.4\.2-php8\.3 is the same version on another platform$"),
    ("1.2.3-arm-v6", "1.2.4-arm-v7", r"^1\.2\.4-arm-v7 is newer but on another platform$"),
    ("1.2.3-foo7", "1.2.4-foo8", r"^1\.2\.4-foo8 is newer but of another variant$"),
    ("1.2.3-pr-57", "1.2.4-pr-58", r"^1\.2\.4-pr-58 is newer but of another variant$"),
    ("15-3.3", "15-3.4", r"^15-3\.4 is the same version in another variant$"),
    ("2026w54", "2026w55", r"^2026w55 is the same version in another variant$"),
    ("main-1-1234567", "main-1-7654321", r"main-1-7654321"),
    (
        "main-20260101-1234567",
        "main-20260101-7654321",
        r"^nothing tells whether \S+ and \S+ differ",
    ),
    ("20260105", "2026-01-06", r"^2026-01-06 has its date in another form$"),
    ("2026.1", "2026.2.0", r"^2026\.2\.0 has three numbers$"),
    # A platform's number is not newer than a version's, nor the other way round.
    ("beta-6.7", "php8.3 php8.3-apache", r"^php8\.3\S* is of another form$"),
    ("php8.2-apache", "6.4.2-php8.2-apache 9.1", r"^9\.1 is of another form$"),
    ("6.7", "php8.3 alpine3.20 main-9", r"is of another form$"),
    ("php8.2-apache", "php8.3-apache", r"^php8\.3-apache needs max: major$"),
    # Of what begins otherwise, that which differs in its numbers alone.
    (
        "alpine3.18-v17.0.0",
        "x86_64-v17.1.0 alpine3.19-v17.1.0 ubuntu-v17.1.0",
        r"^alpine3\.19-v17\.1\.0 is newer but begins otherwise$",
    ),
    ("team1-1.2.3", "zone-1.3.0 team2-1.3.0", r"^team2-1\.3\.0 is newer but begins otherwise$"),
    # The best is the best in every number, and first of what the policy's step allows.
    ("1.2.3", "1.3.0-rc.2 1.3.0-rc.10", r"^1\.3\.0-rc\.10 is newer but a pre-release$"),
    ("1.2.3", "1.3.0-rc9 1.3.0-rc10", r"^1\.3\.0-rc10 is newer but a pre-release$"),
    ("1.2.3", "1.3.0-dev.4 1.3.0-beta.2 1.3.0-alpha.3", r"^1\.3\.0-beta\.2 is newer"),
    ("1.2.3-rc.1", "1.4.0-rc.2 1.4.0-rc.10", r"^1\.4\.0-rc\.10 is newer but a pre-release of an"),
    ("1.2.3", "2.0.0-rc.1 1.3.0-rc.9 1.3.0-rc.10", r"^1\.3\.0-rc\.10 is newer"),
    ("1.2.3-ls9", "1.2.4-r9 1.2.4-r10", r"^1\.2\.4-r10 is newer but of another variant$"),
    ("1.2.3-fpm", "1.2.4-slim9 1.2.4-slim10", r"^1\.2\.4-slim10 is newer but of another"),
    ("1.2.3-php8.2", "1.3.0-php8.3 2.0.0-php8.3", r"^1\.3\.0-php8\.3 is newer but on another"),
    ("1.2.3-php8.2", "1.3.0-php8.9 1.3.0-php8.10", r"^1\.3\.0-php8\.10 is newer but on another"),
    ("v1.2.3", "2.0.0 1.9.0 1.10.0", r"^1\.10\.0 is newer but written without the v$"),
    ("2026-1-5", "2026-2-1-slim 2027-1-1-slim", r"^2027-1-1-slim is newer but of another variant"),
    # A number where the other has a commit.
    (
        "1.3.0-beta.abcdef1",
        "1.3.0-beta.9 1.3.0-beta.12",
        r"^nothing orders 1\.3\.0-beta\.12 and 1\.3\.0-beta\.abcdef1: only one of them has a n",
    ),
    ("1.3.0-beta.5", "1.3.0-beta.abcdef1", r"^nothing orders 1\.3\.0-beta\.abcdef1 and 1\.3\.0-b"),
    ("1.3.0-dev.5-1234567", "1.3.0-dev.5-6", r"^nothing orders 1\.3\.0-dev\.5-6 and 1\.3\.0-dev"),
    # The first thing that stands in the way of a comparison.
    ("1.0.0", "latest main", r"^no other tag can be compared with 1\.0\.0; latest is refused: it "),
    ("sha-1234567-amd64", "sha-7654321-amd64", r"nothing orders commit hashes"),
    ("latest-alpine3.18", "latest-alpine3.19", r"latest-alpine3\.18 cannot be compared .*follow"),
    ("latest", "1.2.3 1.2.4", r"follow.*version-of|version-of.*follow"),
    ("stable", "1.2.3 1.2.4", r"follow.*version-of|version-of.*follow"),
]


@pytest.mark.parametrize(
    ("current", "tags", "pattern"),
    [*EXAMPLES, *SIBLINGS],
    ids=[f"{current} among {tags}" for current, tags, _ in (*EXAMPLES, *SIBLINGS)],
)
def test_names_the_best_that_was_refused(current: str, tags: str, pattern: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert choice.successors == ()
    assert re.search(pattern, choice.reason), f"{choice.code}: {choice.reason}"
    assert "is the newest" not in choice.reason


_PATCH: Keys = {"max": "patch"}
_OF_LATEST: Keys = {"version-of": "latest", "adopt": False}
# (keys, current, tags, a pattern that the reason contains)
UNDER_POLICIES: list[tuple[Keys, str, str, str]] = [
    (_PATCH, "2.4.1", "2.5.0 2.6.0", r"2\.6\.0 needs `?max: minor`?"),
    (_PATCH, "2.4.1", "2.5.0 3.0.0", r"2\.5\.0 needs `?max: minor|3\.0\.0 needs `?max: major"),
    (_PATCH, "1.2.3-alpine3.18", "1.2.4-alpine3.20", r"alpine3\.20 needs `?max: minor`?"),
    (_PATCH, "7.2.4-debian-11-r9", "7.2.5-debian-12-r0", r"12-r0 needs `?max: minor`?"),
    ({"variant": "any", "max": "minor"}, "2.5-jdk17", "2.40-jdk21", r"jdk21 needs `?max: major`?"),
    ({"order": "natural"}, "v1.17.0", "1.19.0", r"1\.19\.0 is newer but written without the v"),
    ({"semver": "*"}, "13.1", "13.1.1", r"13\.1\.1 has three numbers"),
    (
        _OF_LATEST,
        "latest",
        "1.2.3",
        r"^latest cannot .*; with `adopt: true`, the version of latest",
    ),
    (
        _OF_LATEST,
        "stable",
        "1.2.3",
        r"^stable cannot .*; with `adopt: true`, the version of latest",
    ),
    ({"semver": "^2"}, "1.2.3", "1.2.4 1.2.5", r"^the policy allows none of the 3 tags, nor "),
    # The best of what a filter refused, and not the first.
    (
        {"semver": "~1.0"},
        "1.0.0",
        "1.1.0 1.10.0 1.9.0",
        r"^the policy allows no other .*; 1\.10\.0 is",
    ),
    (
        {"exclude": ["1.0.0"]},
        "1.0.0",
        "0.1.0",
        r"^the policy allows nothing newer than 1\.0\.0$",
    ),
    ({"exclude": ["1.1.*"]}, "1.0.0", "1.1.0 1.1.2", r"1\.1\.2 is refused: excluded by 1\.1\.\*$"),
    ({"order": "numerical"}, "5", "x", r"^no other tag can be compared with 5; x is refused: 'x' "),
    (
        {"semver": "^1"},
        "main-57",
        "main-58",
        r"^the policy allows none of the 2 tags, nor the .*2\); main-58 is refused: only tags",
    ),
    ({"semver": "<2"}, "2.0.0", "", r"^the policy does not allow the only tag, nor "),
    (
        {"semver": "*-0", "version-syntax": "strict"},
        "1.2.3",
        "1.3",
        r"1\.3 is refused: the strict syntax needs three numbers$",
    ),
    (
        {"pattern": "^main-([0-9]+)-", "extract": "$1", "order": "numerical"},
        "main-9-4f2a9c1",
        "main-9-9e107d9 main-8-abcdef1",
        r"^2 tags share the newest place \(main-9-4f2a9c1, main-9-9e107d9\), so the current one",
    ),
    (
        {"order": "calver", "variant": "any"},
        "20260105-a",
        "20260105-b",
        r"^2 tags share the newest place \(20260105-a, 20260105-b\), so the current one stays$",
    ),
]


@pytest.mark.parametrize(
    ("keys", "current", "tags", "pattern"),
    UNDER_POLICIES,
    ids=[f"{current} among {tags} by {keys}" for keys, current, tags, _ in UNDER_POLICIES],
)
def test_names_it_under_other_policies(keys: Keys, current: str, tags: str, pattern: str) -> None:
    choice = choosing(build_policy("tested", keys), f"{tags} {current}", current)
    assert choice.successors == ()
    assert re.search(pattern, choice.reason), f"{choice.code}: {choice.reason}"
    assert "is the newest" not in choice.reason


# Nothing was compared with the current tag, so nothing is known to be older.
ALONE = [
    ("1.2.3", "latest main stable"),
    ("1.2.3", "4f2a9c1 9e107d9"),
    ("main-57", "pr-58 latest"),
    ("20240507", "latest"),
    ("1.2.3-alpine", "latest edge"),
    ("pr-57", "pr-58 pr-59"),
    ("JIRA-123", "JIRA-124"),
    ("1234567", "7654321"),
    ("main-1234567", "main-7654321"),
    ("1.2.3-1234567", "1.2.3-7654321"),
    ("5.4.0-snapshot-bbbbbbbb", "5.4.0-snapshot-12345678"),
    ("4.0.13-24-trixie", "4.1.0-22-trixie"),
]


@pytest.mark.parametrize(("current", "tags"), ALONE, ids=[f"{c} among {t}" for c, t in ALONE])
def test_is_not_the_newest_of_what_cannot_be_compared(current: str, tags: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert choice.successors == ()
    assert "is the newest" not in choice.reason


@pytest.mark.parametrize(
    ("current", "tags"),
    [
        ("1.2.3", "1.2.2"),
        ("1.2.3", "1.2.2 latest 1.2"),
        ("main-58", "main-57"),
        ("20240507", "20240506"),
        ("1.2.3-alpine3.20", "1.2.2-alpine3.20"),
        ("7.2.4-debian-12-r9", "7.2.4-debian-12-r8"),
        ("main-13-4f2a9c1", "main-12-1234567"),
        # Lower, and on a lower platform as well.
        ("1.2.3-alpine3.20", "1.2.2-alpine3.19"),
        ("0.40.0-kafka-3.7.0", "0.38.0-kafka-3.5.1"),
        ("1.2.3-debian-12-r2", "1.2.2-debian-11-r9 latest"),
        ("4.1.0-24-trixie", "4.0.0-22-trixie"),
    ],
)
def test_is_the_newest_of_what_was_compared(current: str, tags: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert (choice.code, choice.successors) == ("current", ())
    assert choice.reason == f"{current} is the newest tag the policy allows"


@pytest.mark.parametrize(
    ("current", "tags"), [("main-5", "main-6"), ("main-20240101", "main-20240202")]
)
def test_a_range_does_not_compare_what_is_no_version(current: str, tags: str) -> None:
    choice = choosing(build_policy("tested", {"semver": "*"}), f"{tags} {current}", current)
    assert choice.code == "no-candidate"
    refused = f"{tags} is refused: only tags that begin with their version are adopted"
    assert choice.reason.endswith(f"(refused: shape 2); {refused}")


@pytest.mark.parametrize(
    ("keys", "tags", "refused"),
    [
        ({"order": "calver"}, "RELEASE.2023-01-25T00-19-54Z RELEASE.2024-01-25T00-19-54Z",
         "RELEASE.2024-01-25T00-19-54Z is refused: without a pattern, only tags that are a date"),
        ({"order": "calver"}, "main-20240101 main-20240202",
         "main-20240202 is refused: without a pattern, only tags that are a date alone"),
        ({"max": "minor"}, "release-1.2.3 release-1.3.0",
         "release-1.3.0 is refused: only tags that begin with their version"),
        ({"max": "minor"}, "1.2.3-alpine 1.3.0-alpine php8.3",
         "1.3.0-alpine is refused: a variant, and none is wanted"),
        ({"max": "minor"}, "v1.0.1 v1.30.5-k3s1 v1.31.1-k3s1",
         "v1.31.1-k3s1 is refused: a variant, and none is wanted"),
        ({"semver": "*"}, "14 15 16", "16 is refused: a date or a single number is not adopted"),
    ],
)  # fmt: skip
def test_says_what_is_not_adopted(keys: Keys, tags: str, refused: str) -> None:
    """The best of what a moving tag could have become, and why it does not."""
    choice = choosing(build_policy("tested", keys), f"{tags} latest", "latest")
    assert choice.code == "no-candidate"
    assert f"; {refused}" in choice.reason


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ("5 20240101", "there are tags of one number, which come first"),
        ("1.2 1.2.3", "there are tags of 3 numbers, which come first"),
    ],
)
def test_says_which_form_is_adopted_first(tags: str, reason: str) -> None:
    choice = choosing(build_policy("tested", {"max": "major"}), f"latest {tags}", "latest")
    assert reason in [rejection.reason for rejection in choice.rejections]


_BY_BUILD: Keys = {"pattern": "^main-([0-9]+)-", "extract": "$1", "order": "numerical"}
_TIED = r"^nothing orders main-9-(bbbbbbb|1234567) and main-9-aaaaaaa: they differ only in what"
SHARED: list[tuple[Keys, str, str]] = [
    ({}, "main-9-bbbbbbb main-8-ccccccc", _TIED),
    ({}, "main-9-bbbbbbb main-9-1234567 main-8-ccccccc", _TIED),
    (_BY_BUILD, "main-9-bbbbbbb main-8-ccccccc", r"^2 tags share .* \(main-9-aaaaaaa, main-9-bbb"),
    (_BY_BUILD, "main-9-bbbbbbb main-9-ccccccc", r"^3 tags share the newest place .*, …\), so"),
    ({"order": "created"}, "main-9-bbbbbbb", r"^2 tags share .*, so the current one stays$"),
]


@pytest.mark.parametrize(("keys", "tags", "pattern"), SHARED)
def test_is_not_the_newest_where_others_have_its_place(keys: Keys, tags: str, pattern: str) -> None:
    current, policy = "main-9-aaaaaaa", build_policy("tested", keys)
    every = f"{tags} {current}".split()
    times = dict.fromkeys(every, datetime(2026, 1, 1, tzinfo=UTC))
    choice = choose(policy, every, reference(current), today=date(2026, 2, 1), times=times)
    assert (choice.code, choice.successors, choice.settled) == ("current", (), True)
    assert re.search(pattern, choice.reason), choice.reason


@pytest.mark.parametrize(
    ("keys", "current", "tags", "listed"),
    [
        ({}, "1.0.0", "1.0.0 1.1.0", True),
        ({}, "1.0.0", "1.1.0", False),
        ({}, "1.0.0", "0.9.0", False),
        ({}, "1.0.0", "", True),
        ({}, None, "1.1.0", True),
        ({"exclude": "1.0.0"}, "1.0.0", "1.0.0 1.1.0", True),
        ({"pattern": "^v", "order": "alphabetical"}, "main", "main v1", True),
        ({"order": "none"}, "1.0.0", "1.1.0", False),
    ],
)
def test_says_whether_the_current_tag_is_listed(
    keys: Keys, current: str | None, tags: str, listed: bool
) -> None:
    """No list says nothing."""
    choice = choose(
        build_policy("tested", keys), tags.split(), reference(current), today=date(2026, 1, 1)
    )
    assert choice.current_listed is listed


# A place whose values are neither hashes nor numbers for sure.
UNDECIDED = [
    ("1234567", "7654321"),
    ("main-1234567", "main-7654321"),
    ("1.2.3-1234567", "1.2.3-7654321"),
    ("main-1111111", "main-1111112 main-1111113 main-1111114"),
]


@pytest.mark.parametrize(("current", "tags"), UNDECIDED, ids=[c for c, _ in UNDECIDED])
def test_says_that_numbers_may_be_hashes(current: str, tags: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert choice.successors == ()
    assert "hash" in choice.reason


# (current, what nothing orders beside it, what is lower than both)
BESIDE_LOWER = [
    ("1.2.3-7654321", "1.2.3-8654321", "1.2.2-9999999"),
    ("main-12-1234567", "main-12-7654321", "main-11-1111111"),
    ("1.0.0-alpine.1234567", "1.0.0-alpine.7654321", "0.9.0-alpine.1234321"),
    ("20260101-1234567", "20260101-7654321", "20251201-1111111"),
    ("1.3.0-beta.2-1234567", "1.3.0-beta.2-7654321", "1.3.0-beta.1-1111111"),
    ("1.3.0-beta.abcdef1", "1.3.0-beta.2", "1.3.0-alpha.1"),
    ("1.3.0-beta.5", "1.3.0-beta.abcdef1", "1.3.0-beta.4"),
]


@pytest.mark.parametrize(
    ("current", "tag", "lower"), BESIDE_LOWER, ids=[c for c, *_ in BESIDE_LOWER]
)
def test_says_so_where_lower_tags_were_compared(current: str, tag: str, lower: str) -> None:
    choice = choosing(SHAPE, f"{lower} {current} {tag}", current)
    assert choice.successors == ()
    assert tag in choice.reason
    assert "nothing" in choice.reason
    assert lower not in choice.reason


@pytest.mark.parametrize(
    "keys", [{"semver": "*-0", "version-syntax": "strict"}, {"order": "natural"}]
)
def test_a_tag_with_an_order_is_not_said_to_have_none(keys: Keys) -> None:
    policy = build_policy("tested", {**keys, "pattern": "-RC$"})
    choice = choosing(policy, "1.4.0-RC 1.5.0", "1.5.0")
    assert choice.successors == ()
    assert "no order" not in choice.reason
    assert "cannot be compared" not in choice.reason


@pytest.mark.parametrize(
    ("current", "tags"),
    [
        ("pr-57", "pr-58"),
        ("JIRA-123", "JIRA-124"),
        ("feature-12", "feature-13"),
        ("release-12", "release-13"),
    ],
)
def test_says_that_a_number_is_an_identity(current: str, tags: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert (choice.code, choice.successors) == ("no-order", ())
    word = current.split("-")[0]
    assert word in choice.reason


@pytest.mark.parametrize(
    ("current", "tags"),
    [("4f2a9c1-57", "9e107d9-58"), ("pr-57-4f2a9c1", "pr-58-9e107d9"), ("pr-57", "pr-58 pr-59")],
)
def test_a_number_that_is_no_version_needs_no_major(current: str, tags: str) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert choice.successors == ()
    assert "major" not in choice.reason


def test_equal_times_make_nothing_the_newest() -> None:
    policy = build_policy("tested", {"order": "created"})
    times = {f"sha-{name}": AT for name in ("4f2a9c1", "9e107d9")}
    choice = choosing(policy, list(times), "sha-4f2a9c1", times=times)
    assert choice.successors == ()
    assert choice.reason.startswith("2 tags share the newest place (sha-4f2a9c1, sha-9e107d9)")


def test_what_is_refused_is_named_whatever_the_order_of_the_list() -> None:
    tags = ["20260105-a", "20260105-b", "20260105-c"]
    policy = build_policy("tested", {"order": "calver", "variant": "any"})
    reasons = {choosing(policy, some, tags[0]).reason for some in (tags, tags[::-1])}
    assert len(reasons) == 1


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("2.0.0", "the policy does not allow the only tag, nor the current 2.0.0"),
        (None, "the policy does not allow the only tag"),
    ],
)
def test_says_that_not_even_the_only_tag_is_allowed(current: str | None, expected: str) -> None:
    choice = choosing(build_policy("tested", {"semver": "<2"}), "3.0.0", current)
    assert choice.reason.split(" (")[0] == expected


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ("1.0-ubuntu22.04", "1.0-ubuntu22.04 is the same version on another platform"),
        (
            "1.0-ubuntu22.04 1.0-ubuntu24.04",
            "1.0-ubuntu24.04 is the same version on another platform",
        ),
        ("1.0-ubuntu22.04 0.9-ubuntu20.04", "1.0-ubuntu20.04 is the newest tag the policy allows"),
    ],
)
def test_another_platform_alone_makes_nothing_the_newest(tags: str, reason: str) -> None:
    current = "1.0-ubuntu20.04"
    choice = choosing(build_policy("tested", {"max": "minor"}), f"{tags} {current}", current)
    assert (choice.code, choice.successors, choice.reason) == ("current", (), reason)
