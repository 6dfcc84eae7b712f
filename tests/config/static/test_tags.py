"""What no tag can match: tables, and RE2 itself asked about random expressions and tags."""

from __future__ import annotations

from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.config.static.expression import UndecidedError, parse
from imagebot.config.static.tags import (
    anywhere,
    find_tag,
    foreign_character,
    group_holds_no_tag,
    is_no_variant,
    leaves_no_tag,
    matches_no_tag,
    reads_nothing_like,
)
from imagebot.glob import glob_expression, re2_options
from imagebot.reference import is_tag

IMPOSSIBLE = [
    "^v1/",
    ":latest",
    "release 1",
    "a{200}",
    "(ab){65}",
    "^[a-z]{100}-[a-z]{100}$",
    "^$",
    r"\A\z",
    "a^b",
    "a$b",
    r"a\Ab",
    r"a\zb",
    "^-",
    r"^\.",
    "^[-.]+$",
    r"\+",
    r"1\.2\.3\+build",
    r"\s",
    r"^\w+\s\w+$",
    "[ /:]",
    "[[:space:]]",
    "ghcr.io/acme",
    "app:1|app:2",
    "v1@sha256",
    "ü",
    r"\x2f",
    r"\x{2F}",
    r"\057",
    r"\Q/\E",
    r"\Qa+b\E",
    r"a\bb",
    r"a\B\.",
    "(?i)^V1/",
    "(?P<a>x/)",
    "(?<a>x/)",
    "^(?:v/)?:",
    "[^A-Za-z0-9_.-]",
    "[^[:word:].-]",
    "a{",
    "a{,2}",
    "$1",
    "${version}",
    "(?i)A/(?-i)+",
]
POSSIBLE = [
    "^v1",
    "latest",
    "a{128}",
    "(ab){64}",
    "^",
    "$",
    "^.{128}$",
    "a*",
    "(/)?a",
    "^(v1/|v1)",
    "a|/",
    "[/a]",
    "a{0,200}",
    "[^/]",
    "^[^-]",
    r"^\D",
    r"\S\W\S",
    r"a\b-",
    r"a\Bb",
    r"1\b\.\b2",
    "(^|-)x",
    "x($|-)",
    "^^a$$",
    "(?i)LATEST$",
    "(?-s).",
    "a{,2}|b",
    "[]a]",
    "[a-]",
    r"[\d-]",
    r"\Qa.b",
    "[[:alpha:]]",
    r"[\x41-\x5A]",
    "(?i:K)",
    # RE2 repeats what is before the flags.
    "/(?i)?",
    "a/(?s)*b",
]
UNDECIDED = [r"\pN", r"\p{Greek}/", "(?i)ä", r"[\pL]/", "(" * 80 + "/" + ")" * 80]


def re2_of(expression: str) -> Any:
    return re2.compile(expression, options=re2_options())


@pytest.mark.parametrize("expression", IMPOSSIBLE)
def test_no_tag_matches(expression: str) -> None:
    assert matches_no_tag(expression)
    assert find_tag(anywhere(parse(expression))) is None


@pytest.mark.parametrize("expression", POSSIBLE)
def test_the_tag_that_is_found_matches(expression: str) -> None:
    assert not matches_no_tag(expression)
    tag = find_tag(anywhere(parse(expression)))
    assert tag is not None
    assert is_tag(tag)
    assert re2_of(expression).search(tag)


@pytest.mark.parametrize("expression", UNDECIDED)
def test_nothing_is_said_of_what_is_not_understood(expression: str) -> None:
    assert re2_of(expression)
    assert not matches_no_tag(expression)
    with pytest.raises(UndecidedError):
        parse(expression)


def test_a_large_expression_takes_bounded_time() -> None:
    assert not matches_no_tag("(a?){900}b")
    assert matches_no_tag("((a|b|c){10}){20}")


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("v1/*", True),
        ("**/x", False),
        ("*/x", True),
        ("v1 *", True),
        ("{a/b,c:d}", True),
        ("{a/b,c}", False),
        ("-*", True),
        (".*", True),
        ("1.*", False),
        ("[:/]*", True),
        ("a" * 129, True),
        ("?" * 128, False),
    ],
)
def test_globs_that_match_no_tag(glob: str, expected: bool) -> None:
    assert matches_no_tag(f"^(?:{glob_expression(glob)})$") is expected


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("alpine", False),
        ("alpine*", False),
        ("{slim,-x}", False),
        ("*", False),
        ("-alpine", True),
        ("_9-jre", True),
        (".el9", True),
        ("+build", True),
        ("{-a,_b}", True),
        ("alp/ine", True),
        ("alpine 3", True),
    ],
)
def test_a_variant_is_what_follows_its_separator(glob: str, expected: bool) -> None:
    assert is_no_variant(glob_expression(glob)) is expected


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (("^v", "^[0-9]"), True),
        (("^v", "[0-9]$"), False),
        (("^a", "^[ab]c"), False),
        (("^a$", "^ab"), True),
        (("", "x"), False),
        ((r"^\pL", "^[0-9]"), False),
        (("^a{70}", "b{70}$"), True),
    ],
)
def test_no_tag_matches_both(expressions: tuple[str, ...], expected: bool) -> None:
    assert matches_no_tag(*expressions) is expected


@pytest.mark.parametrize(
    ("selected", "excluded", "expected"),
    [
        ("", ["."], True),
        ("", [".*"], True),
        ("", ["^[0-9]", "^[A-Za-z_]"], True),
        ("", ["^[0-9]", "^[A-Za-z]"], False),
        ("", [r"^\w"], True),
        ("^v", ["^v"], True),
        ("^v1", ["^v[0-9]"], True),
        ("^v", ["^v[0-9]"], False),
        ("^v1$", ["^(?:v.*)$"], True),
        ("a$", ["^.*a$"], True),
        ("x", [r"\bx"], False),  # undecided: the edges of words
        ("", [], False),
    ],
)
def test_exclude_leaves_nothing(selected: str, excluded: list[str], expected: bool) -> None:
    assert leaves_no_tag(selected, excluded) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(?P<name>a):(?P<tag>[0-9]+)", False),
        ("(?P<name>a)(?P<tag>:[0-9]+)", True),
        ('(?P<name>a):(?P<tag>"[0-9]+")', True),
        ("(?:(?P<name>a)(?P<tag>:[0-9]+))+", True),
        # Without a tag there is an image all the same.
        ("(?P<name>a)(?P<tag>:[0-9]+)?@(?P<digest>.*)", False),
        ("(?P<name>a)(?:|(?P<tag>:[0-9]+))", False),
        ("(?P<name>a)(?P<tag>:*)", False),
        ("(?P<name>a)(?P<tag>)", False),
        ("(?P<name>a)@(?P<digest>.*)", False),
    ],
)
def test_a_group_that_holds_no_tag(pattern: str, expected: bool) -> None:
    assert group_holds_no_tag(pattern, "tag") is expected


NUMBER = r"-?[0-9]+(\.[0-9]+)?"


@pytest.mark.parametrize(
    ("pattern", "pieces", "never"),
    [
        ("^([a-z]+)-", (1,), True),
        ("^([a-z]+)-([0-9]+)$", (1,), True),
        ("^([a-z]+)-([0-9]+)$", (2,), False),
        ("^([a-z]*)-([0-9]+)$", (1, 2), False),
        ("^([a-z]+)-([0-9]+)$", (1, 2), True),
        ("^([a-z]+)-([0-9]+)$", ("v", 2), True),
        ("^([0-9]+)-([0-9]+)$", (1, ".", 2), False),
        ("^([0-9]+)-([0-9]+)$", (1, ".", 2, ".", 1), True),
        ("^v[0-9]+$", (0,), True),
        ("^v[0-9]+$", (), True),
        ("v[0-9]+$", (), True),
        ("^[0-9]", (), False),
        ("^[0-9]+$", (0,), False),
        ("(^[0-9]+$)", (1,), False),
        ("^(?:v|b)([0-9]{3})?", (1,), False),
    ],
)
def test_what_is_extracted(pattern: str, pieces: tuple[int | str, ...], never: bool) -> None:
    assert reads_nothing_like(pattern, pieces, NUMBER) is never


def test_the_character_at_fault() -> None:
    assert foreign_character("^v1/") == "/"
    assert foreign_character(":latest") == ":"
    assert foreign_character("a{200}") == ""
    assert foreign_character(r"\pN") == ""


PIECES = [
    *["a", "b", "7", "-", r"\.", "/", ":", ".", "[a-c]", "[^a]", "[/.]", r"\d", r"\W", r"\w"],
    *["^", "$", r"\b", r"\B", "(a|/)", "(?:b|-)", "(?i:A)", "[[:punct:]]", r"\x41", "a{3}"],
    *["(b?)*", "/*", "[-.]+", "/?", "(^|-)", "(7|$)", "|", "(?i)", "/(?-i)?", "a(?s)*", "a{0,2}"],
]
EXPRESSIONS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
TAGS = st.from_regex(r"[A-Ca-c7_][A-Ca-c7_.-]{0,6}", fullmatch=True)


@settings(max_examples=300)
@given(EXPRESSIONS, st.lists(TAGS, max_size=20))
def test_re2_agrees_on_random_expressions(expression: str, tags: list[str]) -> None:
    compiled = re2_of(expression)
    tag = find_tag(anywhere(parse(expression)))
    if tag is None:
        assert not [each for each in tags if compiled.search(each)]
    else:
        assert is_tag(tag)
        assert compiled.search(tag)
        assert not [each for each in tags if len(each) < len(tag) and compiled.search(each)]


@settings(max_examples=300)
@given(EXPRESSIONS, st.lists(EXPRESSIONS, max_size=3), st.lists(TAGS, max_size=20))
def test_what_is_left_of_random_expressions(
    selected: str, excluded: list[str], tags: list[str]
) -> None:
    inner, outer = re2_of(selected), [re2_of(each) for each in excluded]
    left = [
        each for each in tags if inner.search(each) and not any(one.search(each) for one in outer)
    ]
    if leaves_no_tag(selected, excluded):
        assert left == []
