"""What a place of a tag holds, decided from the list."""

import random
from collections.abc import Sequence

import pytest

from imagebot.policy.ranking import Pool
from imagebot.policy.rows import read_pool
from imagebot.version.reading import Reading
from imagebot.version.skeletons import TagGroup
from tests.support.work import count_steps, is_linear


def read(tags: Sequence[str] | str, current: str | None = None) -> tuple[Reading, list[TagGroup]]:
    some = tags.split() if isinstance(tags, str) else list(tags)
    return read_pool(Pool(some, some), current)


def held(tags: Sequence[str] | str, tag: str) -> str:
    """How the first run of seven or more digits of a tag is read: by its mark."""
    reading, _ = read(tags, tag)
    skeleton = reading.skeleton_of(tag)
    marks = {"0": "number", "1": "date", "~": "hash", "?": "unknown"}
    return marks[skeleton[next(i for i in range(len(tag)) if tag[i : i + 7].isdigit())]]


FIVE_LONG = "1234567 2345678 3456789 4567891 5678912"
BEHIND_VERSIONS = " ".join(f"1.0.{i}-{n}" for i, n in enumerate(FIVE_LONG.split(), 3))

HELD = [
    # (tags, the tag asked about, what it holds)
    # A hash by the word before it, whatever the others are.
    ("sha-1234567", "sha-1234567", "hash"),
    ("app-sha.1234567 app-sha.7654321", "app-sha.1234567", "hash"),
    ("git_1234567", "git_1234567", "hash"),
    ("COMMIT-1234567", "COMMIT-1234567", "hash"),
    ("rev-1234567", "rev-1234567", "hash"),
    ("sha1234567", "sha1234567", "hash"),
    ("1.2.3-5-g1234567", "1.2.3-5-g1234567", "hash"),
    # By the share of values with letters: one in five is enough.
    ("1234567 abcdef1", "1234567", "hash"),
    ("1234567 2345678 3456789 4567891 abcdef1", "1234567", "hash"),
    (f"{FIVE_LONG} abcdef1", "1234567", "unknown"),
    ("main-12-1234567 main-9-abcdef1", "main-12-1234567", "hash"),
    ("main-12-1234567 main-9999999-abcdef1", "main-12-1234567", "hash"),
    # A value counts once: many tags of one commit are no evidence.
    (f"1.0.1-abcdef1 1.0.2-abcdef1 {BEHIND_VERSIONS}", "1.0.3-1234567", "unknown"),
    # A number: 30 digits, none with a zero in front, hardly a letter.
    (FIVE_LONG, "1234567", "number"),
    ("1234567 2345678 3456789 4567891", "1234567", "unknown"),
    ("12345678 23456789 34567891 45678912", "12345678", "number"),
    (f"{FIVE_LONG} 0123456", "1234567", "unknown"),
    ("build-1234567 build-7654321", "build-1234567", "unknown"),
    ("123456789012345 223456789012345", "123456789012345", "number"),
    # A number that has just gained its seventh digit.
    ("build-999998 build-999999 build-1000000", "build-1000000", "number"),
    ("999999 1000000", "1000000", "number"),
    ("build-999999 build-1000000 build-abcdef1", "build-1000000", "hash"),
    ("14 15 1234567", "1234567", "unknown"),
    # The numbers of a version are numbers, unless there are hashes among them.
    ("1.0.1234567", "1.0.1234567", "number"),
    ("1.0.1234567 1.0.abcdef1", "1.0.1234567", "hash"),
    # Dates first.
    ("20240101 abcdef12", "20240101", "date"),
    ("main-20240101 main-1234567", "main-20240101", "date"),
    ("202401051530", "202401051530", "date"),
    ("1700000000", "1700000000", "date"),
    ("1700000000 abcdef1234 fedcba4321", "1700000000", "hash"),
    ("main-1700000000 main-abcdef1", "main-1700000000", "date"),
    ("20241301", "20241301", "unknown"),
    # Forty digits, and more than a hash has.
    ("1" * 40, "1" * 40, "number"),
    ("1" * 41, "1" * 41, "number"),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "tag", "expected"), HELD, ids=[f"{h[1]}-{h[0]}" for h in HELD])
def test_decides_what_a_place_holds(tags: str, tag: str, expected: str) -> None:
    assert held(tags, tag) == expected
    assert held(list(reversed(tags.split())), tag) == expected
    assert held(tags.split() * 2, tag) == expected


def test_the_current_tag_counts_as_one_of_the_list() -> None:
    assert held("1234567", "abcdef1-7654321") == "unknown"
    assert read("1234567", "abcdef1")[0].skeleton_of("1234567") == "~" * 7


def test_a_list_of_random_commits_is_one_of_hashes() -> None:
    chance = random.Random(7)
    tags = [f"main-{number}-{chance.getrandbits(28):07x}" for number in range(2000)]
    reading, groups = read(tags)
    assert any(tag.rsplit("-", 1)[1].isdigit() for tag in tags)
    assert {group.skeleton.rsplit("-", 1)[1] for group in groups} == {"~" * 7}
    assert sum(len(group.tags) for group in groups) == len(tags)
    assert reading.skeleton_of("main-5-7654321") == "main-0-~~~~~~~"


def test_every_tag_is_in_one_group_of_its_own_skeleton() -> None:
    tags = "1.2.3 20240101 20241301 1234567 abcdef1 main-3-1234567 2026-9-1 2026-13-1 latest"
    reading, groups = read(tags, "1.2.4")
    assert sorted(tag for group in groups for tag in group.tags) == sorted(tags.split())
    for group in groups:
        assert {reading.skeleton_of(text) for text in group.texts} == {group.skeleton}


COUNTS = [
    ("14 15 16", False),
    ("57 58 99", False),
    ("57 58 100", True),
    ("57 58 105 latest main", True),
    ("105 105.1", False),
    ("14 14.1 105", False),
    ("105 1.2.3", True),
    ("105 v105.1", True),
    ("20240101 14", False),
]


@pytest.mark.parametrize(("tags", "counts"), COUNTS)
def test_bare_numbers_count_builds_from_a_hundred_on(tags: str, counts: bool) -> None:
    assert read(tags)[0].counts is counts


def test_the_look_takes_linear_time() -> None:
    """Also where every tag has a place of its own."""

    def steps(size: int) -> int:
        tags = [f"{'x' * (number % 40)}-{number + 1000000}-{number + 1}" for number in range(size)]
        return count_steps(lambda: read(tags))

    steps(10)
    assert is_linear(steps(100), steps(800))
