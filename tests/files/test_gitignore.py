"""What one `.gitignore` says of a path; tests/files/test_listing.py compares trees with git."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.files.gitignore import Ignore
from tests.support.git_repository import git

CASES = [
    # Names and paths, files and folders.
    ("a.yaml", "a.yaml", True),
    ("a.yaml", "x/a.yaml", True),
    ("/a.yaml", "x/a.yaml", False),
    ("x/a.yaml", "y/x/a.yaml", False),
    ("build/", "x/build/", True),
    ("build/", "x/build", False),
    ("x/build/", "x/build/", True),
    ("!prod/", "prod/local.yaml", False),
    ("a//b", "a/b", False),
    ("/", "a/", False),
    ("//", "a/", False),
    # The last line that matches decides, also of a folder.
    ("*\n!*/\n!*.yaml", "clusters/", False),
    ("*\n!*/\n!*.yaml", "clusters/a.yaml", False),
    ("*\n!*/\n!*.yaml", "clusters/a.json", True),
    ("*\n!clusters/\n!clusters/*.yaml", "clusters/", False),
    ("!a\na", "a", True),
    ("a\n!a", "a", False),
    # Stars.
    ("a/*", "a/b", True),
    ("a/*", "a/", False),
    ("a/*", "a/b/c", False),
    ("a/**", "a/", False),
    ("a/**", "a/b/c", True),
    ("**/b", "b", True),
    ("**/a/b", "x/y/a/b", True),
    ("a/**/b", "a/b", True),
    ("a/**/**/b", "a/x/y/b", True),
    ("a/**/b", "ab", False),
    # Stars beside a letter are as one star, as in Git from 2.52 on.
    ("foo**/bar", "foobar", False),
    ("foo**/bar", "foo/bar", True),
    ("foo**/bar", "foox/bar", True),
    ("foo**/bar", "foo/x/bar", False),
    ("/foo**/bar", "foobar", False),
    ("foo**/bar/", "foobar/", False),
    ("foo**/bar", "x/foobar", False),
    ("foo\\***/bar", "foo*bar", False),
    ("x/foo**/bar", "x/foobar", False),
    ("foo**/**/bar", "foobar", False),
    ("foo**/**/bar", "foox/y/bar", True),
    ("foo**", "foo", True),
    ("a/x**", "a/xy", True),
    ("a/x**", "a/xy/z", False),
    ("a/x**/b", "a/x/y/b", False),
    ("a/x**/b", "a/xb", False),
    ("a/?x**/b", "a/xx/y/b", False),
    ("*/b", "b", False),
    ("a/***/b", "a/x/y/b", True),
    ("a?b", "a/b", False),
    ("?.yaml", "é.yaml", False),
    ("??.yaml", "é.yaml", True),
    # Sets.
    ("[[:digit:]].yaml", "1.yaml", True),
    ("[[:digit:]].yaml", ":.yaml", False),
    ("[[:upper:]]*", "Ab", True),
    ("[[:upper:]]*", "ab", False),
    ("[[:nothing:]]*", "ab", False),
    ("[[:]x", "[x", True),
    ("[[:x]x", ":x", True),
    ("[!a]x", "bx", True),
    ("[^a]x", "ax", False),
    ("[]a]x", "]x", True),
    ("[!]a]x", "]x", False),
    ("[a-]x", "-x", True),
    ("[--0]x", ".x", True),
    ("a[.-0]x", "a/x", False),
    ("a/[.-0]x", "a/0x", True),
    ("[a-c-e]x", "dx", False),
    ("[\\]]x", "]x", True),
    ("[a-\\c]x", "bx", True),
    ("[\\a-c]x", "bx", True),
    ("[z-a]x", "ax", False),
    ("[!z-a]x", "ax", True),
    ("[/]", "a", False),
    ("[a", "a", False),
    ("[a", "[a", False),
    ("a]", "a]", True),
    # Backslashes, spaces, comments, ends of lines.
    ("\\#a", "#a", True),
    ("#a", "#a", False),
    ("\\!a", "!a", True),
    ("!#a\n", "#a", False),
    ("\\*", "a", False),
    ("a\\", "a", False),
    ("a\\", "a\\", False),
    ("a  ", "a", True),
    ("a\\  ", "a ", True),
    ("a\\\\ ", "a\\", True),
    ("a\t", "a", False),
    (" a", "a", False),
    ("\ufeffa", "a", True),
    ("\n\ufeffa", "a", False),
    ("a\r\nb\r", "a", True),
    ("a\r\nb\r", "b", True),
    ("a\r\r\n", "a\r", True),
    ("a\fb", "b", False),
    ("a\vb", "a\vb", True),
    ("a\u2028b", "b", False),
    ("a\0b\nc", "a", True),
    ("a\0b\nc", "c", True),
    ("a\n" + "b" * 10_000, "a", True),
    ("\n".join("abc"), "b", True),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_one_file(text: str, path: str, expected: bool) -> None:
    assert Ignore().with_file(text.encode()).ignores(path) is expected


SETS = [
    *(f"[[:{name}:]]" for name in ("alnum", "alpha", "blank", "cntrl", "digit", "graph")),
    *(f"[[:{name}:]]" for name in ("lower", "print", "punct", "space", "upper", "xdigit")),
    *("[![:punct:]]", "[!-~]", "[^!-~]", "[+-5]", "[[:digit:]a-c]", "?", "[\x01-\x1f]"),
]


def test_sets_have_the_bytes_that_they_have_in_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    paths = []
    for number, pattern in enumerate(SETS):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}/.gitignore").write_text(f"{pattern}{{}}\n")
        names = (bytes([code]) for code in range(1, 256) if code != ord("/"))
        paths += [b"%d/%b{}" % (number, name) for name in names]
    listed = git(tmp_path, "check-ignore", "-z", "--stdin", stdin=b"\0".join(paths))
    for number, pattern in enumerate(SETS):
        ignore = Ignore().with_file(f"{pattern}{{}}\n".encode(), f"{number}/")
        asked = [path for path in paths if path.startswith(b"%d/" % number)]
        found = [path for path in asked if ignore.ignores(os.fsdecode(path))]
        wanted = [path for path in listed.split(b"\0") if path.startswith(b"%d/" % number)]
        assert found == wanted, pattern


def test_the_nearest_file_with_a_word_decides() -> None:
    ignore = Ignore().with_file(b"*.yaml\n/b").starting_in("x/")
    ignore = ignore.with_file(b"!/y/a.yaml").with_file(b"b.json\n!*.md", "y/")
    assert not ignore.ignores("y/a.yaml")
    assert ignore.ignores("a.yaml")
    assert ignore.ignores("y/b.json")
    assert not ignore.ignores("b.json")
    assert not ignore.ignores("b")
    assert Ignore().with_file(b"/x/b").starting_in("x/").ignores("b")


def test_the_last_of_many_lines_decides() -> None:
    lines = [f"{'!' * (n % 3 == 0)}{'x*' * (n % 5)}name-{n}" for n in range(1, 500)]
    ignore = Ignore().with_file("\n".join(["name-*", *lines, "!name-77"]).encode())
    assert ignore.ignores("name-0")
    assert not ignore.ignores("name-15")
    assert ignore.ignores("name-20")
    assert not ignore.ignores("a/name-77")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 120 + "b", "a" * 250),
        ("**/a/" * 400 + "b", "a/" * 1000 + "c"),
        ("x/" + "**/*a*/" * 300 + "b", "x/" + "aa/" * 1000 + "c"),
        ("[[:" * 2000, "a"),
    ],
)
def test_time_is_bounded(pattern: str, path: str) -> None:
    assert not Ignore().with_file(pattern.encode()).ignores(path)


@given(st.binary(max_size=60) | st.text("ab[]!^-\\*?/:#\n\r [:alpha:]").map(str.encode))
def test_no_file_fails(data: bytes) -> None:
    ignore = Ignore().with_file(data)
    assert ignore.ignores("a/b.yaml") in (True, False)
    assert ignore.ignores("\udcff/") in (True, False)
