"""Tells markers from text that looks like one: commented-out YAML, and words in quotes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.repetition import many

# A list item or a key after the `#` of a comment that is alone on its line. Words that people
# write before a remark are not keys, nor is the beginning of a marker.
_COMMENTED_OUT = re.compile(
    r"[ \t]*#[# \t]*(?:-[ \t]|"
    r"(?!(?:todo|fixme|xxx|hack|note|nb|warning|attention|reason|why|because|pinned|see|imagebot)\b)"
    r"""(?:[\w$][\w./$-]{0,200}|"[^"\r\n]{1,200}"|'[^'\r\n]{1,200}')[ \t]*:(?:[ \t]|$))""",
    re.IGNORECASE,
)

_ESCAPED = many(r"""\\.[^"\\\r\n]*""", "escaped")
# Words in quotes that end on their line; a comment ends the search for them.
QUOTED = re.compile(
    r"""(?<!\S)(?P<comment>#|//)|\\.|"""
    rf"""(?P<words>'[^'\r\n]*'|"[^"\\\r\n]*{_ESCAPED}")"""
)


def is_commented_out(text: str, start: int, at: int) -> bool:
    """Whether the comment that starts at `at` is part of commented-out YAML, on a line that starts
    at `start`: `# image: app:1 # imagebot: ignore`."""
    return _COMMENTED_OUT.match(text, start, at) is not None


class Quotes:
    """The quoted words of a file that is not YAML, line by line."""

    def __init__(self, file: FileText) -> None:
        self.file = file
        self.start = -1
        self.words: list[tuple[int, int]] = []

    def hold(self, at: int) -> bool:
        """Whether a position is between quotes that open and close on its line."""
        start = self.file.start_of_line(at)
        if start != self.start:
            self.start = start
            self.words = list(self.on_line(start))
        number = bisect_left(self.words, (at, 0)) - 1
        return number >= 0 and at < self.words[number][1]

    def on_line(self, start: int) -> Iterator[tuple[int, int]]:
        for match in QUOTED.finditer(self.file.text, start, self.file.line_end(start)):
            if match.group("comment"):
                return
            if match.group("words"):
                yield match.span()
