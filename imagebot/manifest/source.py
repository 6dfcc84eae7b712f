"""Where the text of a document stands in its file: code points to bytes, lines and columns."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.manifest.events import LINE_BREAK, Scalar

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
# `---` at column 0 always starts a document, even inside a scalar.
_MARKER = "\n---"
_BEHIND_MARKER = ("", " ", "\t", "\r", "\n")
_HEADER = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")
# What YAML 1.1 takes for the end of a line.
_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
# How many code points before a position are cheap enough to go through again.
_FAR = 50_000
# Of so many code points each is known at which byte they start.
_CHUNK = 4_096
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def wide_encoding(data: bytes) -> str:
    """The encoding of a text whose code units are no bytes, by its beginning as YAML tells them
    apart; "" for all others."""
    head = data[:4]
    if b"\0" not in head and head[:2] not in _MARKS_16:
        return ""
    return next((name for pattern, name in _WIDE if pattern.match(head)), "")


def newline_of(data: bytes) -> bytes:
    """What ends the lines of a file: a carriage return only where there is nothing else."""
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
        """For those who go back and forth: in a big file counting anew each time is too slow."""
        if index < _FAR:
            return self.text.count(self._newline, 0, index) + 1
        if self._breaks is None:
            breaks = re.finditer(self._newline, self.text)
            self._breaks = array("I", (found.start() for found in breaks))
        return bisect_left(self._breaks, index) + 1

    def column(self, index: int) -> int:
        # On one long line many are asked for, mostly one after the other.
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
        """The text of each line; those of Windows files keep their carriage return."""
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


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a document and where it is in the file.

    A document of the file starts at `base`. One that is written inside a block scalar has the
    starts of its lines in `lines` and where these are in the file in `origins`.
    """

    file: FileText
    text: str
    base: int = 0
    lines: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()

    def index(self, index: int) -> int:
        """The position in the file of a position in this text."""
        if not self.lines:
            return self.base + index
        line = bisect_right(self.lines, index) - 1
        return self.origins[line] + index - self.lines[line]

    def byte(self, index: int) -> int:
        return self.file.byte(self.index(index))

    def line(self, line: int) -> int:
        """The line in the file of a line as parsers count them, who know more line breaks."""
        at = 0
        for _ in range(line - 1):
            found = LINE_BREAK.search(self.text, at)
            if found is None:
                break
            at = found.end()
        return self.file.line(self.index(at))

    @property
    def embedded(self) -> bool:
        return bool(self.lines)


def split_documents(file: FileText) -> Iterator[Source]:
    """The file cut before every `---`, so that each part can be parsed by itself.

    A file with directives (`%YAML`) is not cut: they hold for the document that follows.
    """
    text = file.text
    if _MARKER not in text or text.startswith("%") or "\n%" in text:
        yield Source(file, text)
        return
    starts = _document_starts(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield Source(file, text[start:end], start)


def _document_starts(text: str) -> list[int]:
    """Where documents start: at each line that is `---`, alone or before a blank."""
    starts = [0]
    at = text.find(_MARKER)
    while at >= 0:
        end = at + len(_MARKER)
        if text[end : end + 1] in _BEHIND_MARKER:
            starts.append(at + 1)
        at = text.find(_MARKER, end)
    return starts


def embedded_source(outer: Source, scalar: Scalar) -> Source | None:
    """The text of a literal block scalar (`|`) as a source of its own; None when it cannot be
    followed line by line."""
    lines = literal_lines(outer.text, scalar)
    if lines is None:
        return None
    starts = []
    at = 0
    for line in scalar.value.split("\n"):
        starts.append(at)
        at += len(line) + 1
    origins = tuple(outer.index(line) for line in lines)
    return Source(outer.file, scalar.value, 0, tuple(starts), origins)


def literal_lines(text: str, scalar: Scalar) -> list[int] | None:
    """Where each line of a literal block scalar's value starts in `text`, indentation left out.

    Lines that the value has at its end and the text has not stand at the end of the scalar.
    """
    start, end = scalar.start_mark.index, scalar.end_mark.index
    header = _HEADER.match(text, start, end)
    if header is None:
        return None
    wanted = scalar.value.split("\n")
    indent = _indentation(text, header.end(), end, wanted)
    if indent is None:
        return None
    found: list[int] = []
    at = header.end()
    for line in wanted:
        if at >= end:
            if line:
                return None
            found.append(end)
            continue
        match = _LINE.match(text, at, end)
        if match is None or (line and not text.startswith(line, at + indent)):
            return None
        found.append(min(at + indent, match.end()))
        at = match.end()
    return found


def _indentation(text: str, start: int, end: int, wanted: list[str]) -> int | None:
    first_value = next((line for line in wanted if line), None)
    if first_value is None:
        return 0
    at = start
    for line in wanted:
        match = _LINE.match(text, at, end)
        if match is None:
            return None
        if line:
            raw = match.group().rstrip("\r\n")
            indent = len(raw) - len(first_value)
            return indent if indent >= 0 and raw[indent:] == first_value else None
        at = match.end()
    return None
