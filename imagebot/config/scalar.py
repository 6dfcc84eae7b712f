"""Plain scalars by the core schema of YAML 1.2 (§10.3.2).

Only what the schema names is typed: `no`, `on`, `012x` and dates are text, unlike in YAML 1.1.
Numbers keep their spelling, because a range `1.10` is not the number 1.1.
"""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGERS = ((re.compile(r"[-+]?[0-9]+"), 10), (re.compile(r"0o[0-7]+"), 8))
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN)"
)
# Python refuses to read integers of more than 4,300 digits; nothing here needs a tenth of that.
_MAX_NUMBER = 100


class SpeltInt(int):
    """An integer that knows how it was written."""

    spelling: str


class SpeltFloat(float):
    """A number that knows how it was written."""

    spelling: str


def read_plain(text: str) -> object:
    """What a plain scalar means: None, a bool, a number with its spelling, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_NUMBER or text[0] not in "+-.0123456789":
        return text
    for expression, base in _INTEGERS:
        if expression.fullmatch(text):
            return _spelt_int(text, base)
    if _HEXADECIMAL.fullmatch(text):
        return _spelt_int(text, 16)
    if _FLOAT.fullmatch(text):
        number = SpeltFloat(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        number.spelling = text
        return number
    return text


def _spelt_int(text: str, base: int) -> SpeltInt:
    number = SpeltInt(text[2:] if base != 10 else text, base)
    number.spelling = text
    return number
