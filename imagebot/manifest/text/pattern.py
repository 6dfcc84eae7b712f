"""The patterns of `files.extra`: RE2, in which `^` and `$` match the ends of a line."""

from __future__ import annotations

import functools
from typing import Any

_BY_LINE = "(?m)"


@functools.lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> Any:
    """The compiled expression. Raises re2.error, whose message may quote the added prefix."""
    import re2

    options = re2.Options()
    # Otherwise RE2 writes errors to stderr.
    options.log_errors = False
    return re2.compile(_BY_LINE + pattern, options=options)


def fault_text(error: Exception) -> str:
    """What is wrong with a pattern, as the user wrote it."""
    reason = error.args[0] if error.args else error
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return text.replace(_BY_LINE, "", 1)
