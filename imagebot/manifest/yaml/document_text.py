"""The text of a document, or of a block in one, and its position in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field

from imagebot.manifest.yaml.events import LINE_BREAK, Scalar
from imagebot.manifest.yaml.file_text import FileText
from imagebot.values import dataclass

# `---` at column 0 always starts a document, even inside a scalar.
_MARKER = "\n---"
_BEHIND_MARKER = ("", " ", "\t", "\r", "\n")
_HEADER = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]*)+")


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of a document and where it is in the file.

    A document of the file starts at `base`. A document inside a block scalar has the starts of its
    lines in `lines` and their positions in the file in `origins`.
    """

    file: FileText
    text: str
    base: int = 0
    lines: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()
    signs: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def holds(self, sign: str) -> bool:
        """Whether the text contains a sign; remembered, because every object of a list asks."""
        if sign not in self.signs:
            self.signs[sign] = sign in self.text
        return self.signs[sign]

    def remember(self, signs: tuple[str, ...], found: set[str]) -> None:
        """Those of `signs` that are in the text are known to be `found`."""
        self.signs.update({sign: sign in found for sign in signs})

    def index(self, index: int) -> int:
        """The position in the file of a position in this text."""
        if not self.lines:
            return self.base + index
        line = bisect_right(self.lines, index) - 1
        return self.origins[line] + index - self.lines[line]

    def byte(self, index: int) -> int:
        return self.file.byte(self.index(index))

    def line(self, line: int) -> int:
        """The line in the file of a line as parsers count: they know more line breaks."""
        at = 0
        for _ in range(line - 1):
            found = LINE_BREAK.search(self.text, at)
            if found is None:
                break
            at = found.end()
        return self.file.line(self.index(at))

    @property
    def is_nested(self) -> bool:
        return bool(self.lines)


def split_documents(file: FileText) -> Iterator[DocumentText]:
    """The file, split before every `---`: each part is parsed separately.

    A file with directives (`%YAML`) is not split: they apply to the document that follows.
    """
    text = file.text
    if _MARKER not in text or text.startswith("%") or "\n%" in text:
        yield DocumentText(file, text)
        return
    starts = _document_starts(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield DocumentText(file, text[start:end], start)


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


def nested_text(outer: DocumentText, scalar: Scalar) -> DocumentText | None:
    """The text of a literal block scalar (`|`) as a document; None if its lines cannot be located
    in the file."""
    lines = literal_lines(outer.text, scalar)
    if lines is None:
        return None
    starts = []
    at = 0
    for line in scalar.value.split("\n"):
        starts.append(at)
        at += len(line) + 1
    origins = tuple(outer.index(line) for line in lines)
    return DocumentText(outer.file, scalar.value, 0, tuple(starts), origins)


def literal_lines(text: str, scalar: Scalar) -> list[int] | None:
    """Where each line of a literal block scalar's value starts in `text`, after its indentation.

    Lines at the end of the value that are not in the text are at the end of the scalar.
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


def written_at(text: str, scalar: Scalar) -> tuple[int, int, int | None]:
    """Where the content of a scalar starts and ends in `text`, without properties and quotes, and
    where its stripped value starts there: None when it is not written in one piece."""
    start, end = scalar.start_mark.index, scalar.end_mark.index
    if text[start : start + 1] in ("&", "!") and (match := _PROPERTIES.match(text, start, end)):
        start = match.end()
    style = scalar.style
    value = scalar.value
    if style in ('"', "'"):
        start, end = start + 1, end - 1
        blanks = len(value) - len(value.lstrip())
        return start, end, start + blanks if text[start:end] == value else None
    if style in ("|", ">"):
        value = value.strip()
        once = bool(value) and text.count(value, start, end) == 1
        return start, end, text.index(value, start, end) if once else None
    return start, end, start if text[start:end] == value else None
