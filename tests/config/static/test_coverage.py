"""Globs that cover others: tables, and both directions by random globs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.config.static.coverage import covers
from imagebot.errors import UsageError
from imagebot.glob import compile_glob

COVERED = [
    (["**"], "clusters/production/**"),
    (["**"], "a"),
    (["**"], "{a,b}/[c-d]?"),
    (["clusters/**"], "clusters/prod/**"),
    (["clusters/**"], "clusters/*/app.yaml"),
    (["clusters/**"], "clusters/{test,prod}/**"),
    (["**/*.yaml"], "clusters/app.yaml"),
    (["**/*.yaml"], "a/**/b.yaml"),
    (["**.yaml"], "**/*.yaml"),
    (["*", "*/**"], "**"),
    (["clusters/test/**", "clusters/prod/**"], "clusters/{test,prod}/**"),
    (["clusters/[a-m]*/**", "clusters/[n-z]*/**"], "clusters/[a-z]x/**"),
    (["clusters/[!a]/x"], "clusters/b/x"),
    (["clusters/?/x"], "clusters/[ab]/x"),
    (["{a,b}/**"], "a/b"),
    (["{a,{b,c}}/**"], "c/b/**"),
    (["ghcr.io/**"], "ghcr.io/acme/api"),
    (["ghcr.io/**"], "ghcr.io/acme/*"),
    (["ghcr.io/*/api"], "ghcr.io/{acme,other}/api"),
    (["**/api"], "ghcr.io/acme/api"),
    (["**/postgres"], "docker.io/library/postgres"),
    (["größe/**"], "größe/ä.yaml"),
    (["a/**/b"], "a/b"),
    (["***"], "**"),
    (["[a-z]"], "[a-c]"),
    (["[!/]"], "[!/a]"),
]
NOT_COVERED = [
    ([], "a"),
    (["*"], "**"),
    (["*"], "a/b"),
    (["clusters/**"], "**"),
    (["clusters/**"], "clusters"),
    (["clusters/*"], "clusters/prod/**"),
    (["clusters/prod/**"], "clusters/**"),
    (["**/*.yaml"], "**/*.yml"),
    (["clusters/test/**", "clusters/prod/**"], "clusters/{test,prod,new}/**"),
    (["clusters/[a-m]*/**"], "clusters/[a-z]x/**"),
    (["clusters/[!a]/x"], "clusters/*/x"),
    (["ghcr.io/**"], "ghcr.io.example.com/acme/api"),
    (["ghcr.io/acme/*"], "ghcr.io/acme/**"),
    (["**/api"], "**/api*"),
    (["[a-c]"], "[a-z]"),
    (["größe"], "große"),
    (["[!ä]"], "?"),
    (["a.b"], "a?b"),
]


@pytest.mark.parametrize(("globs", "glob"), COVERED)
def test_covers(globs: list[str], glob: str) -> None:
    assert covers(globs, glob)


@pytest.mark.parametrize(("globs", "glob"), NOT_COVERED)
def test_does_not_cover(globs: list[str], glob: str) -> None:
    assert not covers(globs, glob)


def test_what_would_take_too_long_is_not_said() -> None:
    far = "{" + ",".join(f"**{letter}???????????????*" for letter in "abcdef") + "}"
    assert not covers([far], "**" + "[a-f]" * 40)


def test_a_set_of_nothing_is_no_trouble() -> None:
    assert not covers(["a"], "[!\x00-\U0010ffff]")


def test_many_globs_take_little_time() -> None:
    many = [f"**/team-{number}/*.{{yaml,yml}}" for number in range(300)]
    assert not any(covers(many[:number], glob) for number, glob in enumerate(many))
    assert covers(many, "x/team-7/a.yaml")
    assert covers(many, "x/**/team-7/*.y*ml") is False
    assert covers(many, "clusters/team-299/*.yml")


PIECES = ["a", "b", "/", "*", "**", "?", "[ab]", "[!a]", "{a,b}", "{a/,*b}", "**/", "/**", "."]
GLOBS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
# Every short name: `c` stands for a character that no glob names.
NAMES = ["".join(name) for size in range(6) for name in itertools.product("abc/", repeat=size)]


def is_valid(glob: str) -> bool:
    try:
        compile_glob(glob)
    except UsageError:
        return False
    return True


VALID = GLOBS.filter(is_valid)


@settings(max_examples=300)
@given(st.lists(VALID, min_size=1, max_size=3), VALID)
def test_what_covers_matches_every_name_and_what_does_not_misses_one(
    globs: list[str], glob: str
) -> None:
    inner = compile_glob(glob)
    outer = [compile_glob(each) for each in globs]
    missed = [name for name in NAMES if inner(name) and not any(each(name) for each in outer)]
    if covers(globs, glob):
        assert missed == []


@given(st.lists(VALID, min_size=1, max_size=3), VALID, st.text(alphabet="abc./ä", max_size=12))
def test_no_longer_name_escapes_either(globs: list[str], glob: str, name: str) -> None:
    if covers(globs, glob) and compile_glob(glob)(name):
        assert any(compile_glob(each)(name) for each in globs)


@given(st.lists(VALID, min_size=1, max_size=3))
def test_globs_cover_themselves(globs: list[str]) -> None:
    assert all(covers(globs, glob) for glob in globs)
    assert all(covers(["**"], glob) for glob in globs)
