"""The text of a whole file, with the bytes, lines and columns of its code points."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

BOM = b"\xef\xbb\xbf"
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_WIDE = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"\0\0\xfe\xff|\xff\xfe\0\0", "utf-32"),
        (rb"\xfe\xff|\xff\xfe", "utf-16"),
        (rb"\0\0\0[^\0]", "utf-32-be"),
        (rb"[^\0]\0\0\0", "utf-32-le"),
        (rb"\0[^\0]", "utf-16-be"),
        (rb"[^\0]\0", "utf-16-le"),
    )
)
# Line breaks by YAML 1.1.
_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
# How many code points before a position are cheap enough to count again.
_FAR = 50_000
# The byte offset is stored for every so many code points.
_CHUNK = 4_096


def wide_encoding(data: bytes) -> str:
    """The encoding of a UTF-16 or UTF-32 text, recognised by its first bytes as in YAML; "" for all
    others."""
    head = data[:4]
    if b"\0" not in head and head[:2] not in _MARKS_16:
        return ""
    return next((name for pattern, name in _WIDE if pattern.match(head)), "")


def newline_of(data: bytes) -> bytes:
    """The line break of a file: a carriage return only if there is no other."""
    return b"\n" if b"\n" in data or b"\r" not in data else b"\r"


class FileText:
    """A whole file. `text` has no byte order mark; positions in it count code points."""

    __slots__ = (
        "_ascii",
        "_bom",
        "_breaks",
        "_chunks",
        "_column_memo",
        "_line_memo",
        "_newline",
        "_start_memo",
        "text",
    )

    def __init__(self, data: bytes) -> None:
        """Raises UnicodeDecodeError."""
        self._bom = len(BOM) if data.startswith(BOM) else 0
        self.text = data[self._bom :].decode("utf-8")
        self._ascii = len(self.text) == len(data) - self._bom
        self._newline = newline_of(data).decode()
        self._chunks: array[int] | None = None
        self._column_memo = (0, -1)
        self._line_memo = (0, 0)
        self._start_memo = (1, 0)
        self._breaks: array[int] | None = None

    def byte(self, index: int) -> int:
        """The offset of a code point in the bytes of the file."""
        if self._ascii:
            return self._bom + index
        if self._chunks is None:
            self._chunks = self._measured()
        chunk = min(index // _CHUNK, len(self._chunks) - 1)
        return self._chunks[chunk] + len(self.text[chunk * _CHUNK : index].encode())

    def _measured(self) -> array[int]:
        """The byte at which every chunk starts."""
        chunks = array("I", (self._bom,))
        for at in range(0, len(self.text) - _CHUNK, _CHUNK):
            chunks.append(chunks[-1] + len(self.text[at : at + _CHUNK].encode()))
        return chunks

    def line(self, index: int) -> int:
        at, line = self._line_memo
        if index < at:
            return self._earlier_line(index)
        line += self.text.count(self._newline, at, index)
        self._line_memo = (index, line)
        return line + 1

    def _earlier_line(self, index: int) -> int:
        """For callers that go back and forth: counting again each time is slow in a big file."""
        if index < _FAR:
            return self.text.count(self._newline, 0, index) + 1
        if self._breaks is None:
            breaks = re.finditer(self._newline, self.text)
            self._breaks = array("I", (found.start() for found in breaks))
        return bisect_left(self._breaks, index) + 1

    def column(self, index: int) -> int:
        # One long line may have many fields, mostly asked for in order.
        at, start = self._column_memo
        if index < at:
            at, start = 0, -1
        found = self.text.rfind(self._newline, at, index)
        start = start if found < 0 else found
        self._column_memo = (index, start)
        return index - start

    def start_of_line(self, index: int) -> int:
        """Where the line begins that `index` is on; `line_start` asks by number."""
        return index - self.column(index) + 1

    def lines(self) -> list[str]:
        """The text of each line; lines of Windows files keep their carriage return."""
        return self.text.split(self._newline)

    def line_start(self, line: int) -> int:
        """Where a line starts, the first one being 1."""
        known, at = self._start_memo if self._start_memo[0] <= line else (1, 0)
        for _ in range(line - known):
            at = self.text.find(self._newline, at) + 1
            if at == 0:
                return len(self.text)
        self._start_memo = (line, at)
        return at

    def line_text(self, line: int) -> str:
        """The text of a line without its line break, "" after the last one."""
        start = self.line_start(line)
        return self.text[start : self.line_end(start)]

    def newline(self, index: int) -> str:
        """The line break in use around `index`."""
        end = self.text.find("\n", index)
        if end < 0:
            end = self.text.rfind("\n", 0, index)
        if end < 0:
            return self._newline
        return "\r\n" if self.text[end - 1 : end] == "\r" else "\n"

    def line_end(self, index: int) -> int:
        """Where the line of `index` ends, before its line break."""
        found = _BREAK.search(self.text, index)
        return len(self.text) if found is None else found.start()
