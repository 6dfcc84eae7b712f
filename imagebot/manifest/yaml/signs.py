"""Looks for any of many short texts at once, in a third of the time of one after the other."""

from __future__ import annotations

import functools
import re
from typing import Any

from imagebot.glob import re2_options


def holds_one_of(data: bytes, signs: tuple[str, ...]) -> bool:
    """Whether any of `signs`, which are known when the program is written, is in `data`."""
    return _expression(signs).search(data) is not None


def which_of(text: str, signs: tuple[str, ...]) -> set[str]:
    """Those of `signs`, which are known when the program is written, that are in `text`."""
    numbers: list[int] = _set_of(signs).Match(text.encode("utf-8", "surrogatepass"))
    if not numbers:
        # Not even the end of the text was found: RE2 had not enough memory.
        return {sign for sign in signs if sign in text}
    return {signs[number] for number in numbers if number < len(signs)}


@functools.cache
def _expression(signs: tuple[str, ...]) -> re.Pattern[bytes]:
    import re2

    expression: re.Pattern[bytes] = re2.compile("|".join(map(re.escape, signs)).encode(), _bytes())
    return expression


@functools.cache
def _set_of(signs: tuple[str, ...]) -> Any:
    """The signs, and last the end of the text, which every text has."""
    import re2

    made = re2.Set.SearchSet(_bytes())
    for expression in (*map(re.escape, signs), r"\z"):
        made.Add(expression.encode())
    made.Compile()
    return made


def _bytes() -> Any:
    options = re2_options()
    options.encoding = type(options).Encoding.LATIN1
    return options
