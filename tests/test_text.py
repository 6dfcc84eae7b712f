import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.text import clean, excerpt, printable, printable_lines, redact, shorten


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
