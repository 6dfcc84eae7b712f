from __future__ import annotations

import math

import pytest

from imagebot.config.scalar import SpeltFloat, SpeltInt, read_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("012", 12),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("+.Inf", math.inf),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    read = read_plain(text)
    assert read == value
    assert isinstance(read, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    "text",
    ["no", "yes", "on", "y", "1.2.3", "2024-01-01", "1_000", "0b1", "3d", "-", "+", ".", "tRue"],
)
def test_everything_else_is_text(text: str) -> None:
    assert read_plain(text) == text


@pytest.mark.parametrize("text", ["1.10", "007", "1e3", "0x1F", ".nan"])
def test_numbers_keep_their_spelling(text: str) -> None:
    number = read_plain(text)
    assert isinstance(number, SpeltInt | SpeltFloat)
    assert number.spelling == text


def test_a_number_too_long_to_be_one_is_text() -> None:
    assert read_plain("9" * 5000) == "9" * 5000
