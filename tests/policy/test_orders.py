"""The orders that read no versions, and the ties of all of them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from imagebot.policy.calver import read_date
from imagebot.policy.choose import timed_candidates
from imagebot.version.reading import Reading
from tests.policy.choosing import TODAY, choosing, pick, reference, rules

BUILD = {"pattern": r"^main-(?P<build>[^-]+)(?:-[0-9a-f]{7})?$", "extract": "$build"}


TINY = "main-0.1000000000000000000000000000000000001"

# (tags, current, picked)
NUMERICAL = [
    ("main-9 main-10", "main-9", "main-10"),
    ("main-9007199254740993 main-9007199254740992", "main-1", "main-9007199254740993"),
    ("main-20240101123456789 main-20240101123456788", "main-1", "main-20240101123456789"),
    ("main-" + "9" * 100 + " main-1" + "0" * 100, "main-1", "main-1" + "0" * 100),
    ("main-1.5 main-1.25 main-1.4999", "main-1.25", "main-1.5"),
    ("main-1.10 main-1.9", "main-1.1", "main-1.9"),
    (f"{TINY} main-0.1", "main-0.1", TINY),
    # What is no number is refused, and only that.
    ("main-x main-2 main-1e9 main-0x9 main-inf main-nan main-1_0", "main-1", "main-2"),
    # Never lower.
    ("main-1 main-2", "main-3", "main-3"),
    # Another pattern than the policy's is no obstacle.
    ("main-1 main-2 dev-9", "dev-9", "main-2"),
    ("main-1 main-2 dev-9", "latest", "main-2"),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "current", "picked"), NUMERICAL)
def test_numerical(tags: str, current: str, picked: str) -> None:
    assert pick({**BUILD, "order": "numerical"}, tags, current) == picked


def test_numerical_refuses_what_is_no_number() -> None:
    choice = choosing({**BUILD, "order": "numerical"}, "main-x main-2 dev-1", "main-1")
    assert rules(choice) == {"main-x": "numerical", "dev-1": "pattern"}
    assert [r.reason for r in choice.rejections if r.tag == "main-x"] == ["'x' is not a number"]


def test_numerical_descending() -> None:
    policy = {"order": "numerical", "descending": True}
    choice = choosing(policy, "5 4 3 7", "4")
    assert choice.successors == ("3",)
    assert rules(choice) == {"5": "downgrade", "7": "downgrade"}


@pytest.mark.parametrize(
    ("tags", "current", "picked"),
    [
        ("a b C", "a", "b"),
        ("a10 a9", "a1", "a9"),
        ("2024-01-05 2024-01-10", "2024-01-05", "2024-01-10"),
        ("a Z _", "Z", "a"),
        ("a", "b", "b"),
    ],
)
def test_alphabetical(tags: str, current: str, picked: str) -> None:
    assert pick({"order": "alphabetical"}, tags, current) == picked


# (text, key, what is around the date, numbers in that)
DATES = [
    ("20240105", (2024, 1, 5), "#", ()),
    ("202401051530", (2024, 1, 5, 15, 30), "#", ()),
    ("20240105153059", (2024, 1, 5, 15, 30, 59), "#", ()),
    ("20240105T153059Z", (2024, 1, 5, 153059), "#", ()),
    ("20240105.2", (2024, 1, 5, 2), "#", ()),
    ("2024-01-05", (2024, 1, 5), "#", ()),
    ("2024_01_05", (2024, 1, 5), "#", ()),
    ("2024.1.5", (2024, 1, 5), "#", ()),
    ("2024.1", (2024, 1, 0), "#", ()),
    ("2024.10.12", (2024, 10, 12), "#", ()),
    ("2024.1.0", (2024, 1, 0), "#", ()),
    ("2024.1.45.2", (2024, 1, 45, 2), "#", ()),
    ("2024.1-45", (2024, 1, 0, 45), "#", ()),
    ("2024.99.1", (2024, 99, 1), "#", ()),
    ("24.04", (2024, 4, 0), "#", ()),
    ("24.04.1", (2024, 4, 1), "#", ()),
    ("24.40", (2024, 40, 0), "#", ()),
    ("v24.13.1-alpine", (2024, 13, 1), "v#-alpine", ()),
    ("1.24.04", (2024, 4, 0), "1.#", ()),
    ("16.13-20240105", (2024, 1, 5), "16.13-#", ()),
    ("v2024.01.05-alpine3.18", (2024, 1, 5), "v#-alpine#.#", (3, 18)),
    ("main-20240105-abcdef0", (2024, 1, 5), "main-#-<hash>", ()),
    ("RELEASE.2023-01-25T00-19-54Z", (2023, 1, 25, 0, 19, 54), "RELEASE.#", ()),
    ("nightly-20240105", (2024, 1, 5), "nightly-#", ()),
]


@pytest.mark.parametrize(("text", "key", "frame", "others"), DATES, ids=[d[0] for d in DATES])
def test_reads_dates(text: str, key: tuple[int, ...], frame: str, others: tuple[int, ...]) -> None:
    dated = read_date(text, Reading().skeleton_of(text))
    assert dated is not None
    assert (dated.key, dated.frame, dated.others) == (key, frame, others)


@pytest.mark.parametrize(
    "text", ["latest", "20241301", "18000101", "2024", "120240105", "1.2.3.4", "abc"]
)
def test_reads_no_date_where_there_is_none(text: str) -> None:
    assert read_date(text, Reading().skeleton_of(text)) is None


@pytest.mark.parametrize(
    ("tags", "current", "picked"),
    [
        ("2023.12 2024.1 2024.01.05", "2023.12", "2024.01.05"),
        ("20231231 20240101 1.2.3 latest", "20231231", "20240101"),
        ("20240202-alpine 20240202", "20240101-alpine", "20240202-alpine"),
        ("24.04 23.10 9.9.9", "22.04", "24.04"),
        ("20240101-alpine3.20", "20240101-alpine3.18", "20240101-alpine3.18"),
        ("20240102-alpine3.20", "20240101-alpine3.18", "20240102-alpine3.20"),
        ("20240102-alpine3.17", "20240101-alpine3.18", "20240101-alpine3.18"),
        ("20240101-abcdef9 20240102-abcdef0", "20240101-abcdef0", "20240102-abcdef0"),
        ("20240101-abcdef9 20240101-abcdef0", "20240101-abcdef0", "20240101-abcdef0"),
        ("20240202-alpine 20240101", "latest", "20240101"),
        ("20230101", "20240101", "20240101"),
    ],
)
def test_calver(tags: str, current: str, picked: str) -> None:
    assert pick({"order": "calver"}, tags, current) == picked


def test_calver_says_what_is_refused() -> None:
    tags = "20240202 20240202-alpine nope"
    choice = choosing({"order": "calver"}, tags, "20240101")
    assert rules(choice) == {"20240202-alpine": "shape", "nope": "calver"}
    choice = choosing({"order": "calver", "variant": "any"}, tags, "20240101")
    assert choice.successors == ("20240202", "20240202-alpine")


def at(hours: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)


TIMES = {"main-a": at(1), "main-b": at(5), "main-c": at(3), "dev-z": at(9)}
MAIN = {"pattern": "^main-", "order": "pushed"}


@pytest.mark.parametrize("order", ["pushed", "created"])
def test_orders_by_time(order: str) -> None:
    keys = {**MAIN, "order": order}
    choice = choosing(keys, "main-a main-b main-c dev-z main-x", "main-c", times=TIMES)
    assert choice.candidates == ("main-b", "main-c")
    assert rules(choice) == {"main-a": "downgrade", "dev-z": "pattern", "main-x": order}


def test_a_current_tag_of_unknown_time_is_kept() -> None:
    choice = choosing(MAIN, "main-a main-b main-x", "main-x", times=TIMES)
    assert (choice.code, choice.successors) == ("no-order", ())
    assert "main-x is unknown" in choice.reason


def test_a_current_tag_of_another_pattern_is_compared_as_what_it_is() -> None:
    choice = choosing(MAIN, "main-a main-b dev-z", "dev-z", times=TIMES)
    assert (choice.code, choice.successors) == ("current", ())
    older = {**TIMES, "dev-z": at(2)}
    choice = choosing(MAIN, "main-a main-b dev-z", "dev-z", times=older)
    assert (choice.code, choice.successors) == ("newer", ("main-b",))


def test_times_of_different_zones_compare() -> None:
    east = timezone(timedelta(hours=10))
    times = {"main-a": datetime(2026, 3, 1, 12, tzinfo=east), "main-b": datetime(2026, 3, 1, 3)}  # noqa: DTZ001  # a naive time is the case
    choice = choosing(MAIN, "main-a main-b", "main-a", times=times)
    assert choice.successors == ("main-b",)


def test_times_are_asked_only_for_tags_that_pass_the_filters() -> None:
    from imagebot.policy.build import build_policy

    ignore = [{"versions": "main-b", "reason": "broken"}]
    policy = build_policy("p", {**MAIN, "exclude": ["*-c"], "ignore": ignore})
    tags = ("main-d", "main-c", "main-a", "main-b", "dev-z")
    assert timed_candidates(policy, tags, reference("main-a"), today=TODAY) == ("main-a", "main-d")
    assert timed_candidates(policy, tags, reference("dev-z"), today=TODAY) == (
        "dev-z",
        "main-a",
        "main-d",
    )
    assert timed_candidates(policy, tags, reference("main-c"), today=TODAY) == (
        "main-a",
        "main-c",
        "main-d",
    )
    assert timed_candidates(policy, tags, reference("gone"), today=TODAY) == ("main-a", "main-d")
    untimed = build_policy("p", {"order": "numerical"})
    assert timed_candidates(untimed, tags, reference("main-a"), today=TODAY) == ()


# Ties: (keys, tags, current, candidates)
TIES = [
    # The current tag, whatever it is.
    ({**BUILD, "order": "numerical"}, "main-7-aaaaaaa main-7-bbbbbbb main-07", "main-7-bbbbbbb",
     ("main-7-bbbbbbb", "main-7-aaaaaaa", "main-07")),
    # Then the longer spelling, then byte order.
    ({**BUILD, "order": "numerical"}, "main-7 main-007 main-07", "main-1",
     ("main-007", "main-07", "main-7")),
    ({**BUILD, "order": "numerical"}, "main-7-bbbbbbb main-7-aaaaaaa", "main-1",
     ("main-7-aaaaaaa", "main-7-bbbbbbb")),
    ({**BUILD, "order": "numerical"}, "main-1.50 main-1.5", "main-1", ("main-1.50", "main-1.5")),
    ({**BUILD, "order": "alphabetical"}, "main-b-aaaaaaa main-b", "main-a",
     ("main-b-aaaaaaa", "main-b")),
    ({"order": "calver"}, "2024-01-05 20240105", "20231231", ("2024-01-05", "20240105")),
    # The current tag's spelling before the longer one.
    ({"semver": "^1", "version-syntax": "strict"}, "1.2.4 v1.2.4", "1.2.3", ("1.2.4", "v1.2.4")),
    ({"semver": "^1", "version-syntax": "strict"}, "1.2.4 v1.2.4", "v1.2.3", ("v1.2.4", "1.2.4")),
    ({"semver": "^1", "version-syntax": "strict"}, "1.2.4 v1.2.4", "latest", ("v1.2.4", "1.2.4")),
    ({"variant": "any"}, "1.2.4 1.2.4-slim 1.2.4-alpine", "1.2.3-slim",
     ("1.2.4-slim", "1.2.4-alpine", "1.2.4")),
    ({"order": "natural"}, "1.2.04 1.2.4", "1.2.3", ("1.2.04", "1.2.4")),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "tags", "current", "candidates"), TIES)
def test_ties(
    keys: dict[str, object], tags: str, current: str, candidates: tuple[str, ...]
) -> None:
    assert choosing(keys, tags, current).candidates == candidates
    assert choosing(keys, tags.split()[::-1], current).candidates == candidates


def test_ties_of_times() -> None:
    times = {"main-aa": at(1), "main-b": at(1), "main-a": at(1)}
    choice = choosing(MAIN, "main-b main-aa main-a", "other", times=times)
    assert choice.candidates == ("main-aa", "main-a", "main-b")


def test_the_same_version_by_another_name_is_no_update() -> None:
    keys = {"semver": "^1", "version-syntax": "strict"}
    assert choosing(keys, "1.2.3 v1.2.3", "1.2.3").successors == ()
    assert choosing(keys, "v1.2.3", "1.2.3").successors == ()
    assert choosing(keys, "v1.2.3", "1.2.3").code == "current"
