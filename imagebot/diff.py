"""Changes as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from imagebot.plan import FileChange


def unified_diff(changes: Iterable[FileChange]) -> str:
    """A diff that `patch -p1` and `git apply` take; bytes that are no UTF-8 show as `\\xNN`."""
    return "".join(_file_diff(change) for change in changes)


def _file_diff(change: FileChange) -> str:
    lines = difflib.unified_diff(
        _lines(change.old), _lines(change.new), f"a/{change.path}", f"b/{change.path}"
    )
    out = []
    for line in lines:
        ends = line.endswith("\n")
        out.append(line if ends else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)


def _lines(data: bytes) -> list[str]:
    """Split at newlines only: a lone carriage return is no end of line to a diff."""
    text = data.decode("utf-8", "backslashreplace")
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
