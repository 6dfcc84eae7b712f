"""Never lower, ignored, too large a step; filters; follow; and what is said about them."""

from datetime import UTC, date, datetime

import pytest

from imagebot.policy.builtin import IGNORE
from tests.policy.choosing import choosing, pick, rules


def test_nothing_goes_down_when_a_registry_has_lost_its_tags() -> None:
    for tags in ("1.2.2 1.2.1", "", "latest"):
        choice = choosing({}, tags, "1.2.3")
        assert choice.successors == ()
    assert choosing({}, "1.2.2", "1.2.3").code == "current"
    assert "does not list" in choosing({}, "1.2.2", "1.2.3").reason
    assert choosing({}, "", "1.2.3").code == "no-candidate"


@pytest.mark.parametrize(
    ("keys", "tags", "picked", "code"),
    [
        ({"semver": "^1", "allow-downgrade": True}, "1.9.0 2.0.0", "1.9.0", "downgraded"),
        ({"semver": "^1", "allow-downgrade": True}, "1.9.0 1.8.0", "1.9.0", "downgraded"),
        ({"allow-downgrade": True}, "1.9.0 2.0.0", "2.0.0", "current"),
        ({"allow-downgrade": True}, "1.9.0 2.1.0", "2.1.0", "newer"),
        ({"allow-downgrade": True, "max": "minor"}, "1.9.0", "2.0.0", "current"),
        ({"semver": "^1"}, "1.9.0 2.0.0", "2.0.0", "current"),
    ],
)
def test_downgrades(keys: dict[str, object], tags: str, picked: str, code: str) -> None:
    choice = choosing(keys, tags, "2.0.0")
    assert (choice.successors[:1] or ("2.0.0",))[0] == picked
    assert choice.code == code


# (versions, tags, current, picked)
IGNORED = [
    ("1.4.0", "1.4.0 1.3.0", "1.2.3", "1.3.0"),
    ("1.4", "1.4.0 1.4.9 1.3.0", "1.2.3", "1.3.0"),
    ("1.4.x", "1.4.0-rc.1 1.3.0", "1.3.0", "1.3.0"),
    ("1.4.0-rc.1", "1.4.0-rc.1 1.4.0", "1.3.0", "1.4.0"),
    (">=1.4 <1.6", "1.4.0 1.5.9 1.6.0 1.3.0", "1.2.3", "1.6.0"),
    ("1.4.0", "1.4.0-alpine 1.3.0-alpine", "1.2.3-alpine", "1.3.0-alpine"),
    ("1.4.0-alpine", "1.4.0-alpine 1.3.0-alpine", "1.2.3-alpine", "1.3.0-alpine"),
    ("14-slim", "14-slim 14.9.0", "14.1.0", "14.9.0"),
    ("x-ray", "x-ray 1.4.0", "1.3.0", "1.4.0"),
    ("v1.4.0", "v1.4.0 v1.3.0", "v1.2.3", "v1.3.0"),
]


@pytest.mark.parametrize(("versions", "tags", "current", "picked"), IGNORED)
def test_ignored_versions(versions: str, tags: str, current: str, picked: str) -> None:
    entry = {"versions": versions, "reason": "broken"}
    assert pick({"ignore": [entry], "prerelease": "allow"}, tags, current) == picked


def test_ignored_tags_of_an_order_without_versions() -> None:
    keys = {"order": "alphabetical", "ignore": [{"versions": "c", "reason": "broken"}]}
    choice = choosing(keys, "a b c", "a")
    assert choice.successors == ("b",)
    assert rules(choice) == {"c": "ignore"}


def test_ignored_until_the_end_of_a_day() -> None:
    entry = {"versions": "1.3.0", "reason": "waiting for the fix", "until": date(2026, 3, 10)}
    choice = choosing({"ignore": [entry]}, "1.2.3 1.3.0", "1.2.3", today=date(2026, 3, 10))
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    assert (choice.code, choice.successors, choice.eligible_at) == ("ignore", (), midnight)
    assert choice.reason == "1.3.0 is ignored until 2026-03-10: waiting for the fix"
    assert [r.eligible_at for r in choice.rejections] == [midnight]
    later = choosing({"ignore": [entry]}, "1.2.3 1.3.0", "1.2.3", today=date(2026, 3, 11))
    assert later.successors == ("1.3.0",)


def test_the_first_entry_that_ignores_a_tag_is_named() -> None:
    entries = [
        {"versions": "1.3.x", "reason": "first"},
        {"versions": "1.3.0", "reason": "second"},
        {"versions": "1.4.0", "reason": "third"},
    ]
    choice = choosing({"ignore": entries}, "1.3.0 1.4.0 1.2.3", "1.2.3")
    assert {r.tag: r.reason for r in choice.rejections} == {
        "1.3.0": "ignored: first",
        "1.4.0": "ignored: third",
    }
    assert choice.reason == "1.4.0 is ignored: third"


def test_an_ignored_current_tag_gives_way_to_an_equal_one() -> None:
    keys = {
        "semver": "^1",
        "version-syntax": "strict",
        "ignore": [{"versions": "build-9", "reason": "x"}],
        "exclude": ["1.2.3"],
    }
    choice = choosing(keys, "1.2.3 v1.2.3", "1.2.3")
    assert (choice.code, choice.successors) == ("equivalent", ("v1.2.3",))


@pytest.mark.parametrize(
    ("size", "current", "tags", "picked"),
    [
        ("patch", "1.2.3", "1.2.4 1.3.0 2.0.0", "1.2.4"),
        ("minor", "1.2.3", "1.2.4 1.3.0 2.0.0", "1.3.0"),
        ("major", "1.2.3", "1.2.4 1.3.0 2.0.0", "2.0.0"),
        ("patch", "16.1", "16.2", "16.1"),
        ("minor", "14", "15", "14"),
        ("major", "14", "15", "15"),
        ("patch", "1.2.3-r1", "1.2.3-r2 1.3.0-r0", "1.2.3-r2"),
        ("patch", "2024.1.5", "2025.2.6", "2025.2.6"),
        ("patch", "latest", "9.9.9", "9.9.9"),
        ("minor", "1.2.3-rc.1", "2.0.0 1.2.3", "1.2.3"),
    ],
)
def test_max(size: str, current: str, tags: str, picked: str) -> None:
    assert pick({"max": size}, f"{tags} {current}", current) == picked


def test_max_bounds_orders_by_time_where_tags_read_as_versions() -> None:
    times = {
        tag: datetime(2026, 1, day, tzinfo=UTC)
        for day, tag in enumerate(("1.2.3", "1.3.0", "2.0.0", "x"), 1)
    }
    keys = {"order": "pushed", "max": "minor"}
    choice = choosing(keys, list(times), "1.2.3", times=times)
    assert choice.candidates == ("1.3.0", "1.2.3")
    assert rules(choice) == {"2.0.0": "max", "x": "max"}
    assert choosing(keys, ["1.2.3", "x"], "1.2.3", times=times).reason == (
        "the step to x has no size, and there is a max"
    )
    assert choosing(keys, list(times), "x", times={**times, "x": times["1.2.3"]}).candidates == (
        "2.0.0",
        "1.3.0",
        "x",
        "1.2.3",
    )


def test_what_is_ignored_is_not_also_too_large() -> None:
    keys = {"max": "minor", "ignore": [{"versions": "2", "reason": "no"}]}
    choice = choosing(keys, "1.2.3 2.0.0 3.0.0", "1.2.3")
    assert rules(choice) == {"2.0.0": "ignore", "3.0.0": "max"}
    assert choice.code == "max"


# (keys, tags, rules)
FILTERS = [
    ({"include": ["1.*"]}, "1.2.3 2.0.0", {"2.0.0": "include"}),
    ({"include": ["1.*", "/^2/"]}, "1.2.3 2.0.0 3.0.0", {"3.0.0": "include"}),
    ({"exclude": ["*-alpine"]}, "1.2.4 1.2.5-alpine", {"1.2.5-alpine": "exclude"}),
    ({"exclude": ["/-(alpine|slim)$/"]}, "1.2.4 1.2.5-slim", {"1.2.5-slim": "exclude"}),
    ({"include": ["1.*"], "exclude": ["1.3*"]}, "1.2.4 1.3.0 2.0.0",
     {"1.3.0": "exclude", "2.0.0": "include"}),
    ({"exclude": ["2*"], "pattern": r"^\d"}, "1.2.4 2.0.0 x", {"2.0.0": "exclude", "x": "pattern"}),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "tags", "refused"), FILTERS)
def test_filters(keys: dict[str, object], tags: str, refused: dict[str, str]) -> None:
    assert rules(choosing(keys, tags, "1.2.3")) == refused


def test_artifacts_are_no_images() -> None:
    signed = "sha256-" + "a" * 64
    # OCI cuts digests in tags off after 64 digits; a whole one of SHA-512 would be too long.
    other = "sha512-" + "b" * 64
    tags = [signed, f"{signed}.sig", f"{signed}.att", f"{other}.sbom", "sha256-1.0", "1.2.4"]
    choice = choosing({"order": "alphabetical"}, tags, "1.2.3")
    assert choice.candidates == ("sha256-1.0", "1.2.4")
    refused = rules(choice)
    assert [tag for tag in refused if refused[tag] == "artifact"] == sorted(tags[:4])


def test_ignore_the_policy() -> None:
    choice = choosing(IGNORE, "1.2.3 1.2.4", "1.2.3")
    assert (choice.code, choice.successors, tuple(choice.rejections)) == ("ignored", (), ())


def test_follow() -> None:
    choice = choosing({"follow": "stable"}, "stable latest", "stable")
    assert (choice.code, choice.successors) == ("follow", ("stable",))
    assert rules(choice) == {"latest": "follow"}
    assert choosing({"follow": "stable"}, "", "stable").successors == ("stable",)
    gone = choosing({"follow": "stable"}, "latest", "stable")
    assert (gone.code, gone.successors) == ("no-candidate", ())


def test_repetitions_count_once() -> None:
    choice = choosing({}, "1.2.4 1.2.4 2.0.0-x 2.0.0-x 1.2.3", "1.2.3")
    assert choice.candidates == ("1.2.4", "1.2.3")
    assert len(choice.rejections) == 1


def test_hostile_numbers_are_read_in_full() -> None:
    long = "9" * 120
    assert pick({}, f"1.2.{long} 1.2.3", "1.2.3") == f"1.2.{long}"
