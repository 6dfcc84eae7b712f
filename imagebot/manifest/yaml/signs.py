"""Looks for any of many short texts at once, in a third of the time of one after the other."""

from __future__ import annotations

import functools
import re

from imagebot.glob import re2_options


def holds_one_of(data: bytes, signs: tuple[str, ...]) -> bool:
    """Whether any of `signs`, which are known when the program is written, is in `data`."""
    return _expression(signs).search(data) is not None


@functools.cache
def _expression(signs: tuple[str, ...]) -> re.Pattern[bytes]:
    import re2

    options = re2_options()
    options.encoding = re2.Options.Encoding.LATIN1
    expression: re.Pattern[bytes] = re2.compile("|".join(map(re.escape, signs)).encode(), options)
    return expression
