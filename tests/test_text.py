import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.text import (
    clean,
    excerpt,
    inert_json,
    printable,
    printable_line,
    printable_lines,
    redact,
    shorten,
)


def test_controls_become_escapes() -> None:
    assert printable("a\x1b[31mb\r\nc\td") == "a\\x1b[31mb\\r\\nc\\td"
    assert printable("safe é 漢 🚀") == "safe é 漢 🚀"
    assert printable("x\u202ey") == "x\\u202ey"


def test_lines_and_tabs_can_stay() -> None:
    assert printable_lines("a\n\tb\x07") == "a\n\tb\\x07"


@given(st.text())
def test_nothing_unprintable_is_left(text: str) -> None:
    assert all(c.isprintable() or c.isspace() or ord(c) > 0x9F for c in printable(text))
    assert "\n" not in printable(text)
    assert "\x1b" not in printable_lines(text)


@given(st.text())
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    line = clean(text)
    assert line.isprintable()
    assert len(line) <= 200


def test_a_text_that_is_cut_says_so() -> None:
    assert shorten("abcd", 4) == "abcd"
    assert shorten("abcde", 4) == "abc…"


@given(st.text(), st.integers(min_value=1, max_value=30))
def test_nothing_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert excerpt(text, limit).startswith(printable(redact(text))[: limit - 1][:1])


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://a:b@host/c", "https://host/c"),
        ("clone https://a:p@ss@host/c, then http://t@h", "clone https://host/c, then http://h"),
        ("git@host:c", "git@host:c"),
        ("https://host/a@b", "https://host/a@b"),
        ("https://host?mail=a@b", "https://host?mail=a@b"),
    ],
)
def test_urls_are_shown_without_credentials(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert excerpt(text, 200) == redacted


def test_an_excerpt_is_short_and_printable() -> None:
    assert excerpt("a\x1b" + "b" * 100, 10) == "a\\x1bbbbbbbb…"


COMMANDS = [
    "::add-mask::a",
    "  ::error::x",
    "\t::x",
    "a ##[group]b",
    "##vso[task.complete]c",
    "##[a]##[b]",
]


def is_command(line: str) -> bool:
    return line.strip().startswith("::") or "##[" in line or "##vso[" in line


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_of_a_job(text: str) -> None:
    assert is_command(text)
    assert not is_command(printable_line(text))
    assert not any(is_command(line) for line in printable_lines(f"one\n{text}\n{text}").split("\n"))


@pytest.mark.parametrize("text", ["a::b", "x ::y::", "# [a]", "#[a]", "ghcr.io/a: :b", "## x"])
def test_what_is_no_command_stays(text: str) -> None:
    assert printable_line(text) == printable_lines(text) == text


@given(st.text(alphabet=":#[ va\tso\n", max_size=20))
def test_no_text_at_all_is_a_command(text: str) -> None:
    assert not is_command(printable_line(text))
    assert not any(is_command(line) for line in printable_lines(text).split("\n"))


@pytest.mark.parametrize("text", COMMANDS)
def test_json_says_the_same_without_a_command(text: str) -> None:
    inert = inert_json(json.dumps({text: [text]}))
    assert not is_command(inert)
    assert json.loads(inert) == {text: [text]}
