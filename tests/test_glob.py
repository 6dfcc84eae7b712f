import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import UsageError
from imagebot.glob import compile_captures, compile_glob, matches_any, without_captures

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


CAPTURES = [
    ("image-tags/{env}/{app}", "image-tags/prod/api", {"env": "prod", "app": "api"}),
    ("image-tags/{env}/{app}", "image-tags/prod/eu/api", None),
    ("image-tags/{env}/{app}", "image-tags//api", None),
    ("**/{app}/values-*.yaml", "a/b/web/values-x.yaml", {"app": "web"}),
    ("**/{app}/values-*.yaml", "web/values-x.yaml", {"app": "web"}),
    ("{a,b}/{app}.yaml", "b/web.yaml", {"app": "web"}),
    ("{a,b}/{app}.yaml", "c/web.yaml", None),
    ("{app}-{env}", "a-b-c", {"app": "a-b", "env": "c"}),
    ("[{x}]/{app}", "{/web", {"app": "web"}),
    ("a.{app}", "axb", None),
    ("plain", "plain", {}),
]


@pytest.mark.parametrize(("glob", "name", "expected"), CAPTURES)
def test_captures(glob: str, name: str, expected: dict[str, str] | None) -> None:
    assert compile_captures(glob)(name) == expected


@pytest.mark.parametrize("glob", ["", "{", "{a", "{1a}", "{a b}", "{a}{a}", "{a,{b}}", "{b,c{d}e}"])
def test_captures_that_mean_nothing(glob: str) -> None:
    with pytest.raises(UsageError, match="glob"):
        compile_captures(glob)


SEGMENT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="/"), min_size=1)
LITERAL = st.text(alphabet="ab-._", min_size=1)


@given(st.lists(st.tuples(LITERAL, SEGMENT), min_size=1, max_size=5))
def test_captures_of_whole_segments_are_those_segments(parts: list[tuple[str, str]]) -> None:
    glob = "/".join(f"{text}/{{n{at}}}" for at, (text, _) in enumerate(parts))
    name = "/".join(f"{text}/{segment}" for text, segment in parts)
    assert compile_captures(glob)(name) == {
        f"n{at}": segment for at, (_, segment) in enumerate(parts)
    }
    assert compile_glob(without_captures(glob))(name)


@given(
    st.lists(st.sampled_from(["a", "-", "/", "*", "**", "?", "{x,y}"]), max_size=6),
    st.integers(0, 6),
    st.text(alphabet="axy-/.", max_size=12),
)
def test_a_glob_with_captures_matches_what_it_does_with_stars(
    pieces: list[str], at: int, name: str
) -> None:
    """A capture is one character or more of what `*` matches, and puts its text in its place."""
    glob = "".join([*pieces[:at], "{app}", *pieces[at:]])
    captured = compile_captures(glob)(name)
    one_or_more = "".join([*pieces[:at], "?*", *pieces[at:]])
    assert (captured is not None) == compile_glob(one_or_more)(name)
    if captured is not None:
        app = captured["app"]
        assert app
        assert "/" not in app
        assert compile_glob("".join([*pieces[:at], app, *pieces[at:]]))(name)
