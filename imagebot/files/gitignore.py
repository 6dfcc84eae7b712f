"""`.gitignore` rules: the nearest file decides, and in it the last line that matches.

They match exactly what Git 2.52 matches. The folders above a path are not looked at: whoever lists
files never enters an ignored folder.
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
# RE2 limits the size of an expression, and each of its groups costs time.
_TOGETHER = 64
_TOGETHER_CHARS = 1 << 17
_BEFORE_TAIL = re.compile(r"[*?\[\]\\/]")


@dataclass(frozen=True, slots=True)
class _Line:
    """One rule; every name that it matches ends with `tail`."""

    ignores: bool
    tail: bytes
    expression: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """The lines of one file. `prefix` is the path of its folder, with `/` at its end.

    `judge` takes a path relative to that folder and finds the last line that matches: true if this
    line ignores the path, false if it takes it back, None without such a line.
    """

    prefix: bytes
    tails: tuple[bytes, ...]
    judge: Callable[[bytes], bool | None]


@dataclass(frozen=True, slots=True)
class Ignore:
    """The rules in force in a folder, those of the nearest file last.

    The paths given to it are relative to `start`, a folder below the top, with `/` at its end.
    """

    rules: tuple[_Rules, ...] = ()
    start: str = ""

    def starting_in(self, start: str) -> Ignore:
        return Ignore(self.rules, start)

    def with_file(self, data: bytes, prefix: str = "") -> Ignore:
        """These rules and those of a `.gitignore` with the content `data`.

        `prefix` is the path of its folder, with `/` at its end; "" for the folder `start`.
        """
        lines = list(_lines(data))
        if not lines:
            return self
        tails = tuple({line.tail for line in lines})
        added = _Rules(_encode(self.start + prefix), tails, _judge(lines))
        return Ignore((*self.rules, added), self.start)

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored, if no folder above it is. A folder's path ends with `/`."""
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
    """The rules of an ignore file that can match anything."""
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
    """The line without the spaces at its end, but with one that a backslash escapes."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return line[: len(text) + backslashes % 2]


def _expression(pattern: str) -> str | None:
    """An expression for the paths that a line matches, in which a folder ends with a NUL.

    None for a line that matches nothing.
    """
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
    # The last line that matches decides. RE2 takes the first alternative, so they are reversed.
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
