from hypothesis import given
from hypothesis import strategies as st

from imagebot.text import clean, printable, printable_lines


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
