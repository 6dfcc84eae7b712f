"""The text of a file that is swept: its lines, its comments, and what other tools own in it.

Characters are bytes here (Latin-1), so a position is that of a byte in the file, invalid UTF-8 can
be swept, and what is not ASCII is in no reference.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from imagebot.glob import re2_options
from imagebot.manifest.yaml.file_text import newline_of, wide_encoding

# Git takes a file with a NUL in its first 8,000 bytes for binary.
_GIT_LOOKS = 8_000
# No file that people write has more words that look like a reference or the tag of one.
MAX_WORDS = 20_000
# How far before and after a word a line is looked at.
NEAR = 512
_YAML = (".yaml", ".yml")
_BRACED = (".hcl", ".tf", ".tfvars", ".jsonnet", ".libsonnet", ".cue", ".js", ".ts", ".go", ".java")
_BRACED_MORE = (".groovy", ".kt", ".rs", ".c", ".h", ".cs", ".json5", ".jsonc", ".php", ".swift")
# Comments over several lines: Go templates, XML and HTML, and languages with braces.
_TEMPLATE_COMMENT = r"\{\{-?[ \t]*/\*(?s:.*?)\*/"
_MARKUP_COMMENT = r"<!--(?s:.*?)-->"
_BRACED_COMMENT = r"/\*(?s:.*?)\*/"
# Documents of YAML that say how an updater updates, what a cluster has written, or a schema.
_OTHERS = (
    r"(?m)^(?:apiVersion:[ \t]*[\"']?(?:argocd-image-updater\.argoproj\.io"
    r"|image\.toolkit\.fluxcd\.io|kargo\.akuity\.io|keel\.sh)/"
    r"|kind:[ \t]*[\"']?(?:CustomResourceDefinition|ControllerRevision|ImageScan)\b)"
)
_DOCUMENT = r"(?m)^---(?:\s|$)"
# What clusters write at the top of an object, and on lines deeper in it.
_STATUS = r"(?m)^status:[^\n]*(?:\n(?:[ \t][^\n]*)?)*"
# Settings of other updaters in annotations, and what clusters write.
_OTHERS_LINE = (
    r"\b(?:argocd-image-updater\.argoproj\.io|keel\.sh|lastTriggeredImage|imageID"
    r"|kubectl\.kubernetes\.io/last-applied-configuration)\b"
)
# `#` begins a comment in most languages; these are the others' signs at the start of a line.
_COMMENT_LINE = re.compile(r"[ \t]*(?:#|//|<!--|/?\*(?:[ \t]|\*|$)|REM[ \t]|rem[ \t])")
# A comment at the top of a Dockerfile that names the image which builds it.
_SYNTAX = re.compile(r"#[ \t]*syntax[ \t]*=[ \t]*")
_DIRECTIVES = re.compile(r"(?:#[ \t]*(?:escape|check)[ \t]*=[^\n]*\n)*")
_TRAILING = re.compile(r"(?<=\s)(?:#|//)(?=\s|imagebot|renovate)")


class SweptText:
    """`text` has one character for each byte of `data`; `path` decides its language.

    `is_cut` is set once there is too much in it to look at all of it.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.text = data.decode("latin-1")
        self.newline = newline_of(data).decode("latin-1")
        self.is_cut = False
        self._left_out: list[tuple[int, int]] | None = None
        self._memo = (0, 1)

    def line(self, at: int) -> int:
        """The line of a position. Fast for positions in ascending order."""
        known, number = self._memo if self._memo[0] <= at else (0, 1)
        number += self.text.count(self.newline, known, at)
        self._memo = (at, number)
        return number

    def before(self, at: int) -> bytes:
        """What is before a position on its line, at most `NEAR` bytes of it."""
        start = self.text.rfind(self.newline, max(0, at - NEAR), at) + 1
        return self.data[start or max(0, at - NEAR) : at]

    def words(self, pattern: str) -> Iterator[Any]:
        """The matches of a pattern; `MAX_WORDS` of them at most."""
        matches = compiled(pattern).finditer(self.data)
        yield from islice(matches, MAX_WORDS)
        if next(matches, None) is not None:
            self.is_cut = True

    def is_syntax(self, at: int) -> bool:
        """Whether a position is the value of `# syntax=` at the top of a Dockerfile."""
        if at > NEAR:
            return False
        before = self.text[:at]
        start = before.rfind("\n") + 1
        return (
            _SYNTAX.fullmatch(before, start) is not None
            and _DIRECTIVES.fullmatch(before, 0, start) is not None
        )

    def is_left_out(self, at: int) -> bool:
        """Whether a position is in a comment, or in what another tool or the cluster writes."""
        before = self.before(at)
        if self.is_syntax(at):
            return False
        if compiled(_OTHERS_LINE).search(before) or _in_comment(before.decode("latin-1")):
            return True
        if self._left_out is None:
            self._left_out = sorted(_left_out(self))
        number = bisect_right(self._left_out, (at, len(self.text))) - 1
        return number >= 0 and at < self._left_out[number][1]


def text_of(path: str, data: bytes) -> SweptText | None:
    """The text of a file; None if it is binary."""
    if encoding := wide_encoding(data):
        return SweptText(path, data.decode(encoding, "replace").encode())
    if b"\0" in data[:_GIT_LOOKS]:
        return None
    return SweptText(path, data)


def _in_comment(before: str) -> bool:
    """Whether what follows this on its line is in a comment that begins on the line."""
    if _COMMENT_LINE.match(before):
        return True
    for match in _TRAILING.finditer(before):
        quoted = before[: match.start()]
        if quoted.count('"') % 2 == 0 and quoted.count("'") % 2 == 0:
            return True
    return False


def _left_out(swept: SweptText) -> list[tuple[int, int]]:
    spans = _comments(swept)
    if not swept.path.endswith(_YAML):
        return spans
    if others := [match.start() for match in compiled(_OTHERS).finditer(swept.data)]:
        bounds = [match.start() for match in compiled(_DOCUMENT).finditer(swept.data)]
        starts, ends = [0, *bounds], [*bounds, len(swept.data)]
        numbers = {bisect_right(starts, at) - 1 for at in others}
        spans += [(starts[number], ends[number]) for number in numbers]
    spans += [match.span() for match in compiled(_STATUS).finditer(swept.data)]
    return _merged(spans)


def _comments(swept: SweptText) -> list[tuple[int, int]]:
    wanted = []
    if b"{{" in swept.data:
        wanted.append(_TEMPLATE_COMMENT)
    if b"<!--" in swept.data:
        wanted.append(_MARKUP_COMMENT)
    if swept.path.endswith(_BRACED + _BRACED_MORE) and b"/*" in swept.data:
        wanted.append(_BRACED_COMMENT)
    if not wanted:
        return []
    return [match.span() for match in compiled("|".join(wanted)).finditer(swept.data)]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without overlaps, in their order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=32)
def compiled(pattern: str) -> Any:
    """The expression for RE2, over bytes: every search takes linear time."""
    import re2

    options = re2_options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode("latin-1"), options=options)
