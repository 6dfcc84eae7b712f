import pytest

from imagebot.errors import InvalidPolicyError
from imagebot.policy.pattern import Pattern, parse_pattern

# (pattern, extract, tag, what is extracted)
CASES = [
    (r"^main-", "", "main-12", "main-12"),
    (r"main", "", "x-main-12", "x-main-12"),
    (r"^main-", "", "dev-12", None),
    (r"^main-(\d+)$", "$1", "main-12", "12"),
    (r"^main-(?P<build>\d+)$", "$build", "main-12", "12"),
    (r"^main-(?P<build>\d+)$", "${build}", "main-12", "12"),
    (r"^main-(?<build>\d+)$", "$build", "main-12", "12"),
    (r"^main-(\d+)$", "$0", "main-12", "main-12"),
    (r"(\d+)-(\d+)", "$2.$1", "x1-2", "2.1"),
    (r"(\d+)-(\d+)", "${2}x$1", "x1-2", "2x1"),
    (r"(\d+)", "v$1", "x12", "v12"),
    (r"(\d+)", "$$$1", "12", "$12"),
    (r"(\d+)(-a)?", "$1$2", "12", "12"),
    (r"(\d+)(-a)?", "$2", "12", ""),
    (r"a|b", "x", "b", "x"),
    (r"^\d+$", "", "12\n", None),
    (r"(?i)RC", "", "1.0-rc1", "1.0-rc1"),
    (r"^$", "", "", ""),
]


@pytest.mark.parametrize(("text", "extract", "tag", "found"), CASES)
def test_extracts(text: str, extract: str, tag: str, found: str | None) -> None:
    pattern = parse_pattern(text, extract)
    assert pattern.search(tag) == found
    assert pattern.apply([tag, tag]) == [found, found]


def test_applies_to_no_tags() -> None:
    assert parse_pattern("(a)", "$1").apply([]) == []


def test_is_a_value() -> None:
    assert parse_pattern("a", "$0") == Pattern("a", "$0")
    assert hash(parse_pattern("a")) == hash(Pattern("a"))


# (pattern, extract, key, position, part of the message)
ERRORS = [
    ("", "", "pattern", None, "empty"),
    ("(", "", "pattern", 0, "missing )"),
    ("ab(?=c)", "", "pattern", 2, "(?="),
    (r"(a)\1", "", "pattern", 3, "escape"),
    ("a**", "", "pattern", 1, "repetition"),
    ("[b-a]", "", "pattern", 1, "range"),
    ("(a{1000}){1000}", "", "pattern", None, "repetition size"),
    ("(?:.?){1000}x(?:.?){999}", "", "pattern", None, "too large"),
    ("x" * 1001, "", "pattern", None, "longer than"),
    ("(a)", "$2", "extract", 0, "no group '2'"),
    ("(?P<n>a)", "x$m", "extract", 1, "no group 'm'"),
    ("(a)", "$", "extract", 0, "names no group"),
    ("(a)", "x${1", "extract", 1, "names no group"),
    ("(a)", "$1\n", "extract", 2, "control character"),
]


@pytest.mark.parametrize(("text", "extract", "key", "position", "message"), ERRORS)
def test_refuses(
    text: str,
    extract: str,
    key: str,
    position: int | None,
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InvalidPolicyError) as raised:
        parse_pattern(text, extract)
    assert (raised.value.key, raised.value.position) == (key, position)
    assert message in raised.value.reason
    # RE2 writes errors to stderr by itself unless it is told not to.
    assert capfd.readouterr() == ("", "")


def test_a_name_that_runs_on_gets_a_hint() -> None:
    with pytest.raises(InvalidPolicyError) as raised:
        parse_pattern("(a)", "$1x")
    assert raised.value.hint == "write ${1}x"
