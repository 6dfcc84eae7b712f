import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import UsageError
from imagebot.glob import compile_glob, matches_any

CASES = [
    ("**", "a/b/c", True),
    ("*", "a/b", False),
    ("*", "a", True),
    ("**/postgres", "docker.io/library/postgres", True),
    ("**/postgres", "postgres", True),
    ("**/postgres", "docker.io/mypostgres", False),
    ("ghcr.io/acme/**", "ghcr.io/acme/a/b", True),
    ("ghcr.io/acme/**", "ghcr.io/acme", False),
    ("ghcr.io/acme*/x", "ghcr.io/acme-2/x", True),
    ("clusters/{a,b}/*.yaml", "clusters/b/x.yaml", True),
    ("clusters/{a,b}/*.yaml", "clusters/c/x.yaml", False),
    ("a.b", "axb", False),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("[!a]x", "bx", True),
    ("[!a]x", "/x", False),
    ("[a-c]x", "bx", True),
    ("a,b", "a,b", True),
    ("**.yaml", "x/y.yaml", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("x\ny", "x\ny", True),
    ("(a+)+$", "aaaa", False),
]


@pytest.mark.parametrize(("glob", "name", "expected"), CASES)
def test_matches(glob: str, name: str, expected: bool) -> None:
    assert compile_glob(glob)(name) is expected


@pytest.mark.parametrize("glob", ["", "a[b", "a{b"])
def test_refuses_what_means_nothing(glob: str) -> None:
    with pytest.raises(UsageError, match="glob"):
        compile_glob(glob)


def test_any_of_several() -> None:
    assert matches_any(("a", "b/*"), "b/c")
    assert not matches_any((), "b/c")


@given(st.text(alphabet=st.characters(exclude_characters="*?[]{},\\", codec="utf-8"), min_size=1))
def test_a_plain_name_matches_only_itself(name: str) -> None:
    predicate = compile_glob(name)
    assert predicate(name)
    assert not predicate(name + "x")
    assert re.escape(name)  # the name itself is never read as an expression
