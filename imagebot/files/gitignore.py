"""`.gitignore` rules: the nearest file decides, and in it the last line that matches.

They match exactly what Git 2.52 matches. Nothing here looks at the folders above a path: whoever
lists files does not enter an ignored folder.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence

from imagebot.files.wildmatch import ANY_FOLDERS, translate
from imagebot.glob import re2_options
from imagebot.values import dataclass

# Twice as long as any path: each of its bytes may have a backslash.
_MAX_LINE = 8192
# RE2 bounds how large one expression may be, and groups cost time.
_TOGETHER = 64
_TOGETHER_CHARS = 1 << 17
_BEFORE_TAIL = re.compile(r"[*?\[\]\\/]")


@dataclass(frozen=True, slots=True)
class _Line:
    """`tail` is what each name ends with that matches."""

    ignores: bool
    tail: bytes
    expression: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """One file's lines. `prefix` is the path of its folder, with `/` at its end; `judge` says
    whether the last line ignores that matches a path relative to there, None where none does."""

    prefix: bytes
    tails: tuple[bytes, ...]
    judge: Callable[[bytes], bool | None]


@dataclass(frozen=True, slots=True)
class Ignore:
    """The rules in force in a folder, those of the nearest file last.

    Paths are relative to the folder that `start` leads to, with `/` at its end, from the top.
    """

    rules: tuple[_Rules, ...] = ()
    start: str = ""

    def starting_in(self, start: str) -> Ignore:
        return Ignore(self.rules, start)

    def with_file(self, data: bytes, prefix: str = "") -> Ignore:
        """The rules below a folder whose `.gitignore` says `data`.

        `prefix` is the path of that folder, with `/` at its end; "" where paths start.
        """
        lines = list(_lines(data))
        if not lines:
            return self
        tails = tuple({line.tail for line in lines})
        added = _Rules(_encode(self.start + prefix), tails, _judge(lines))
        return Ignore((*self.rules, added), self.start)

    def ignores(self, path: str) -> bool:
        """Whether the rules ignore a path, the folders above it apart; a folder's ends with `/`."""
        whole = _encode(self.start + path)
        is_folder = whole.endswith(b"/")
        whole = whole[:-1] if is_folder else whole
        name = whole[whole.rfind(b"/") + 1 :]
        for rules in reversed(self.rules):
            if name.endswith(rules.tails):
                local = whole[len(rules.prefix) :]
                ignored = rules.judge(local + b"\0" if is_folder else local)
                if ignored is not None:
                    return ignored
        return False


def _encode(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _lines(data: bytes) -> Iterator[_Line]:
    """The rules of an ignore file, without those that match nothing."""
    text = data.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    for line in text.split("\n"):
        if line.startswith("#") or len(line) > _MAX_LINE:
            continue
        pattern = _without_spaces(line.removesuffix("\r").partition("\0")[0])
        asked = pattern.removeprefix("!")
        expression = _expression(asked)
        if expression is not None:
            tail = _BEFORE_TAIL.split(asked.removesuffix("/"))[-1]
            yield _Line(asked == pattern, tail.encode("latin-1"), expression)


def _without_spaces(line: str) -> str:
    """The line without spaces at its end; a space after a backslash stays."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return line[: len(text) + backslashes % 2]


def _expression(pattern: str) -> str | None:
    """What matches the paths that a line is about, those of folders ending with a NUL."""
    body = pattern.removesuffix("/")
    folder = r"\x00" if pattern != body else r"\x00?"
    in_any_folder = "/" not in body
    body = body.removeprefix("/")
    if not body:
        return None
    # Git before 2.52 matched what follows `foo` in `foo**/bar` alone, and took `foobar` for it.
    whole = translate(body)
    if whole is None:
        return None
    return (ANY_FOLDERS if in_any_folder else "") + whole + folder


def _judge(lines: Sequence[_Line]) -> Callable[[bytes], bool | None]:
    import re2

    options = re2_options()
    options.encoding = re2.Options.Encoding.LATIN1
    # Of alternatives, the first that matches is the group.
    compiled: list[tuple[re.Pattern[bytes], list[bool]]] = []
    for part in _parts(lines[::-1]):
        expression = "|".join(f"({line.expression})" for line in part)
        pattern = re2.compile(expression.encode("latin-1"), options)
        compiled.append((pattern, [line.ignores for line in part]))

    def judge(path: bytes) -> bool | None:
        for pattern, ignores in compiled:
            found = pattern.fullmatch(path)
            if found is not None and found.lastindex:
                return ignores[found.lastindex - 1]
        return None

    return judge


def _parts(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    part: list[_Line] = []
    chars = 0
    for line in lines:
        chars += len(line.expression)
        if part and (len(part) == _TOGETHER or chars > _TOGETHER_CHARS):
            yield part
            part, chars = [], len(line.expression)
        part.append(line)
    if part:
        yield part
