"""Changes as a unified diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from imagebot.files.rewrite import FileChange, Rewrite

_ODD = re.compile(r"[\x00-\x1f\"\\\x7f-\x9f\u2028-\u202e]")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def unified_diff(changes: Iterable[FileChange]) -> str:
    """A diff that `patch -p1` and `git apply` take; bytes that are no UTF-8 show as `\\xNN`."""
    return "".join(_file_diff(each) for change in changes for each in change.rewrites)


def _file_diff(change: Rewrite) -> str:
    old, new = _quoted(f"a/{change.path}"), _quoted(f"b/{change.path}")
    lines = difflib.unified_diff(_lines(change.old), _lines(change.new), old, new)
    out = []
    for line in lines:
        ends = line.endswith("\n")
        out.append(line if ends else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)


def _quoted(name: str) -> str:
    """A name as Git writes it in a diff: in C's quotes where it has characters that need them."""
    if not _ODD.search(name):
        return name
    return '"' + _ODD.sub(lambda found: _escape(found[0]), name) + '"'


def _escape(text: str) -> str:
    return _NAMED.get(text) or "".join(f"\\{byte:03o}" for byte in text.encode())


def _lines(data: bytes) -> list[str]:
    """Split at newlines only: to a diff, a lone carriage return does not end a line."""
    text = data.decode("utf-8", "backslashreplace")
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
