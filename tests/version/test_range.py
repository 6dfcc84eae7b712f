import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from imagebot.errors import InvalidRangeError
from imagebot.version.range import parse_range
from tests.version import naive_range

# (range, versions it allows, versions it does not)
CASES = [
    # Operators on whole versions.
    ("1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1"),
    ("=1.2.3", "1.2.3", "1.2.2"),
    ("!=1.2.3", "1.2.4 0.0.1", "1.2.3 1.2.4-rc.1"),
    (">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.4-rc.1"),
    ("<1.2.3", "1.2.2 0.0.0", "1.2.3 1.2.2-rc.1"),
    (">=1.2.3", "1.2.3 9.0.0", "1.2.2"),
    ("=>1.2.3", "1.2.3", "1.2.2"),
    ("<=1.2.3", "1.2.3 1.0.0", "1.2.4"),
    ("=<1.2.3", "1.2.3", "1.2.4"),
    ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
    ("~>1.2.3", "1.2.9", "1.3.0"),
    ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
    ("v1.2.3", "1.2.3", "1.2.4"),
    # Parts that are not written are wild.
    ("1.2", "1.2.0 1.2.9", "1.3.0"),
    ("=1.2", "1.2.9", "1.3.0"),
    ("1", "1.0.0 1.9.9", "2.0.0"),
    ("!=4.1", "4.2.0 5.1.0", "4.1.0 4.1.9"),
    ("!=4", "5.0.0", "4.0.0 4.9.9"),
    (">1", "2.0.0", "1.0.0 1.9.9"),
    (">1.2", "1.3.0", "1.2.0 1.2.9"),
    (">=1.2", "1.2.0", "1.1.9"),
    ("<1.2", "1.1.9", "1.2.0 1.2.9"),
    ("<=1.1", "1.1.0 1.1.9 0.9.0", "1.2.0"),
    ("<=11", "11.2.3", "12.0.0"),
    ("~1", "1.0.0 1.9.0", "2.0.0"),
    ("~1.2", "1.2.9", "1.3.0"),
    # Zeros in front of a caret.
    ("^0.1", "0.1.0 0.1.9", "0.2.0 1.0.0"),
    ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"),
    ("^0.0.3", "0.0.3", "0.0.4 0.1.0"),
    ("^0.0", "0.0.9", "0.1.0"),
    ("^0", "0.9.9", "1.0.0"),
    ("^0.0.0", "0.0.0", "0.0.1"),
    # Wildcards.
    ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
    ("x", "1.2.3", "1.0.0-rc.1"),
    ("1.x", "1.0.0", "2.0.0"),
    ("1.2.X", "1.2.9", "1.3.0"),
    ("1.*.3", "1.9.9", "2.0.3"),
    ("^1.x", "1.9.0", "2.0.0"),
    ("<1.x", "0.9.0", "1.0.0"),
    ("~*", "9.9.9", "9.9.9-a"),
    ("^*", "9.9.9", "9.9.9-a"),
    (">=*", "0.0.0", "0.0.0-a"),
    ("<=*", "9.9.9", "9.9.9-a"),
    ("~0.0.0", "0.0.0 5.0.0", "5.0.0-a"),
    # And, or, hyphens.
    (">=1.1 <2", "1.1.0 1.9.9", "2.0.0 1.0.9"),
    (">=1.1,<2", "1.1.0", "2.0.0"),
    (">= 1.1 ,  < 2", "1.1.0", "2.0.0"),
    (">1.2 <2", "1.3.0", "1.2.9 2.0.0"),
    (">=1.1, <2, !=1.2.3 || > 3", "1.2.4 4.1.2", "1.2.3 3.1.2 2.0.0"),
    ("^1||^3", "1.5.0 3.0.0", "2.0.0"),
    ("1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9"),
    ("1.2 - 1.4", "1.4.9", "1.5.0"),
    ("1.0.0 - 2.0.0 !=1.5.0", "1.4.0 2.0.0", "1.5.0"),
    (" 12.3.34 ~12.3.3 ", "12.3.34", "12.3.33"),
    (">2 <1", "", "0.0.0 1.5.0 3.0.0"),
    # Pre-releases: only where a constraint of the same group has one.
    (">=1.0.0-0", "1.0.0-0 1.0.0-rc.1 2.0.0-alpha 1.0.0", "0.9.9"),
    ("^1-0", "1.0.0-rc.1 1.9.0-a", "2.0.0-rc.1 2.0.0"),
    ("~1.0-0", "1.0.0-a 1.0.9-rc", "1.1.0-a"),
    ("*-0", "1.0.0-rc.1 0.0.0-0", ""),
    (">=1.0.0-0 <2.0.0", "1.5.0-rc.1 2.0.0-rc.1", "2.0.0"),
    (">=1.0.0-0 <2.0.0-0", "1.5.0-rc.1", "2.0.0-rc.1 2.0.0-0"),
    ("^1-0 || ^2", "1.1.0-a 2.1.0", "2.1.0-a"),
    ("^2 || ^1-0", "1.1.0-a 2.1.0", "2.1.0-a"),
    (">1-0", "2.0.0-alpha", "1.0.0 1.5.0-alpha"),
    ("<=1.1-a", "0.1.0-alpha 1.1.9", "1.2.0-alpha"),
    ("<0-z", "0.0.0-alpha", "0.0.0"),
    ("!=4.1-alpha", "4.1.0 4.2.0-alpha 4.1.0-beta", "4.1.0-alpha 4.1.1-alpha"),
    ("1.1-3", "1.1.0 1.1.0-4", "4.3.2 1.1.0-2"),
    ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3 1.2.3-rc.2"),
    ("~1.2.3-beta.2", "1.2.3-beta.4 1.2.4-beta.2 1.2.3", "1.2.3-beta.1 1.3.0-beta.9"),
    # Precedence of pre-releases.
    (">1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-beta.2 1.0.0-beta.1"),
    ("<1.0.0-rc.1", "1.0.0-RC.2", "1.0.0-rc.1"),
    (">1.0.0-rc10", "1.0.0-rc2", "1.0.0-rc1"),
    (">1.0.0-rc.1", "1.0.0-rc.1.0", "1.0.0-rc.1"),
    (">1.0.0-1", "1.0.0-a", "1.0.0-0"),
    # Build metadata and leading zeros count for nothing.
    (">=1.2.3+5", "1.2.3", "1.2.2"),
    ("2025.02.03", "2025.2.3", "2025.2.4"),
    ("9007199254740993", "9007199254740993.0.0", "9007199254740992.0.0"),
]


@pytest.mark.parametrize(("text", "inside", "outside"), CASES, ids=[case[0] for case in CASES])
def test_allows(text: str, inside: str, outside: str) -> None:
    versions = parse_range(text)
    assert [v for v in inside.split() if not versions.allows(Version.parse(v))] == []
    assert [v for v in outside.split() if versions.allows(Version.parse(v))] == []


# (range, position of the character at fault, part of the message)
ERRORS = [
    ("", 0, "missing"),
    ("   ", 3, "missing"),
    ("^1 ||", 5, "missing"),
    ("|| ^1", 0, "missing"),
    (">=1 <", 5, "missing"),
    (">=1,", 4, "missing"),
    ("1,,2", 2, "does not start a version"),
    ("foo", 0, "does not start a version"),
    (">= bar", 3, "does not start a version"),
    ("1.2.3.4", 5, "at most three"),
    ("1.2.", 3, "does not belong"),
    ("1.2.3_1", 5, "does not belong"),
    ("12.3.34~ 1.2.3", 7, "does not belong"),
    ("1 -2", 2, "does not start a version"),
    ("1|2", 1, "does not belong"),
    ("1.2.3-", 5, "does not belong"),
    ("1.2.3-rc..1", 8, "does not belong"),
    ("1.2.3-a.01", 8, "leading zero"),
    (">=1 - 2", 6, "hyphen"),
    ("V1.2.3", 0, "does not start a version"),
    (">*", 1, "allows nothing"),
    ("^1\n", 2, "does not belong"),
    ("^\uff11", 1, "does not start a version"),
    ("1" * 2000, 1000, "longer than"),
]


@pytest.mark.parametrize(("text", "position", "message"), ERRORS)
def test_points_at_the_character_that_does_not_fit(text: str, position: int, message: str) -> None:
    with pytest.raises(InvalidRangeError) as raised:
        parse_range(text)
    assert raised.value.position == position
    assert message in str(raised.value)


def test_says_how_to_allow_everything() -> None:
    with pytest.raises(InvalidRangeError) as raised:
        parse_range("")
    assert '"*"' in raised.value.hint


def test_with_prereleases_keeps_the_bounds() -> None:
    versions = parse_range("^1.2 || ^3").with_prereleases()
    assert versions != parse_range("^1.2 || ^3")
    assert versions.allows(Version.parse("1.3.0-rc.1"))
    assert not versions.allows(Version.parse("1.2.0-rc.1"))
    assert not versions.allows(Version.parse("2.0.0-rc.1"))


def test_releases_in_bulk_may_have_any_count_of_numbers() -> None:
    releases = [(1, 2), (1, 2, 3, 4), (1,), (1, 3, 0), (2, 0)]
    assert parse_range("1.2").positions_of_releases(releases) == [0, 1]
    assert parse_range("^1 !=1.3.0").positions_of_releases(releases) == [0, 1, 2]
    assert parse_range(">=1.3").positions_of_releases(releases) == [3, 4]


@given(naive_range.ranges(), naive_range.versions())
def test_agrees_with_a_naive_reading(written: naive_range.Written, version: Version) -> None:
    expected = naive_range.allows(written, version)
    assert parse_range(written.text).allows(version) is expected


@given(naive_range.ranges(), st.lists(naive_range.versions(), max_size=5))
def test_bulk_agrees_with_one_by_one(written: naive_range.Written, versions: list[Version]) -> None:
    releases = [v for v in versions if not v.prerelease]
    numbers = [(v.major, v.minor, v.patch) for v in releases]
    found = parse_range(written.text).positions_of_releases(numbers)
    assert found == [i for i, v in enumerate(releases) if parse_range(written.text).allows(v)]


@given(st.text(alphabet="0123456789.xX*<>=!~^|-, va", max_size=30))
def test_reads_or_refuses_any_text(text: str) -> None:
    position = 0
    try:
        parse_range(text)
    except InvalidRangeError as error:
        position = error.position
    assert 0 <= position <= len(text)


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [
        (">2 <1", True),
        (">2 <2", True),
        (">=2.0.0 <2.0.0", True),
        (">1.2.3 <1.2.4", True),
        ("^1, ^2", True),
        ("~1.2 ~1.3", True),
        ("1.2.3 !=1.2.3", True),
        (">3 <3 || ^1 ^2", True),
        (">=2-0 <1", True),
        (">1.2.4-0 <1.2.4-0", True),
        ("=1.2.3-rc.1", False),
        (">1.2.3 <1.2.4-rc.1", False),
        (">=1.2.3 <=1.2.3", False),
        (">=1.2.3 <1.2.5 !=1.2.3", False),
        (">3 <3 || ^2", False),
        ("^1 <1.2", False),
        ("*", False),
        (">0", False),
        ("!=1.2.3", False),
    ],
)
def test_constraints_may_contradict_each_other(text: str, is_empty: bool) -> None:
    assert parse_range(text).is_empty is is_empty


@given(naive_range.ranges(), naive_range.versions())
def test_what_contradicts_itself_allows_nothing(
    written: naive_range.Written, version: Version
) -> None:
    versions = parse_range(written.text)
    assert not (versions.is_empty and versions.allows(version))
