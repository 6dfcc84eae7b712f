"""The patterns of `files.patterns`: RE2, in which `^` and `$` match the ends of a line."""

from __future__ import annotations

import functools
from typing import Any

from imagebot.glob import re2_options

_BY_LINE = "(?m)"


@functools.lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> Any:
    """The compiled expression. Raises re2.error, whose message may quote the added prefix."""
    import re2

    return re2.compile(_BY_LINE + pattern, options=re2_options())


def fault_text(error: Exception) -> str:
    """What is wrong with a pattern, as the user wrote it."""
    reason = error.args[0] if error.args else error
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return text.replace(_BY_LINE, "", 1)
