"""Splits a Go template into literal text and the tokens of its actions.

The grammar is that of Go's text/template/parse, of which this reads what Helm charts use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.values import dataclass

_SPACE = " \t\r\n"
_OPEN = re.compile(r"\{\{(?:-(?=[ \t\r\n]))?")
# A comment must fill its action.
_COMMENT = re.compile(r"[ \t\r\n]*/\*")
_COMMENT_END = re.compile(r"\*/([ \t\r\n]+-)?\}\}")
# Each alternative ends at its first character that does not belong to it: no text is read twice.
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<close>-?\}\})"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<char>\'(?:[^\'\\\n]|\\.)+\')'
    r"|(?P<field>\.[^\W\d]\w*)|(?P<dot>\.)|(?P<variable>\$\w*)|(?P<word>[^\W\d]\w*)"
    r"|(?P<number>[+-]?\d[\w.]*)|(?P<sign>:=|[=|,()])"
)


class SyntaxProblemError(Exception):
    """What is written is not a template that this package reads."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text outside of actions, without what their `-` trims; `line` is that of its first
    character, from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is a group of the token pattern; `glued` says that no space is before it."""

    kind: str
    text: str
    glued: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """One action, `{{ … }}`."""

    tokens: tuple[Token, ...]
    line: int


def split(text: str) -> Iterator[Literal | Tokens]:
    """The pieces of a template in their order, without comments.

    Raises SyntaxProblemError, after the pieces before the problem.
    """
    at, line, trim = 0, 1, False
    while True:
        opened = _OPEN.search(text, at)
        end = opened.start() if opened else len(text)
        literal = _literal(text[at:end], line, trim, opened is not None and opened[0] != "{{")
        if literal.text:
            yield literal
        if opened is None:
            return
        line += text.count("\n", at, end)
        comment = _COMMENT.match(text, opened.end())
        if comment:
            at, trim = _end_of_comment(text, comment.end())
        else:
            tokens, at, trim = _action(text, opened.end())
            yield Tokens(tokens, line)
        line += text.count("\n", end, at)


def _literal(text: str, line: int, trim_left: bool, trim_right: bool) -> Literal:
    if trim_left:
        kept = text.lstrip(_SPACE)
        line += text.count("\n", 0, len(text) - len(kept))
        text = kept
    return Literal(text.rstrip(_SPACE) if trim_right else text, line)


def _end_of_comment(text: str, start: int) -> tuple[int, bool]:
    end = text.find("*/", start)
    closed = _COMMENT_END.match(text, end) if end >= 0 else None
    if closed is None:
        raise SyntaxProblemError("a comment that does not end")
    return closed.end(), closed[1] is not None


def _action(text: str, at: int) -> tuple[tuple[Token, ...], int, bool]:
    """The tokens from `at` on, where the action ends, and whether it trims what follows."""
    tokens: list[Token] = []
    glued = False
    while match := _TOKEN.match(text, at):
        at, kind = match.end(), str(match.lastgroup)
        if kind == "close":
            return tuple(tokens), at, match[0] == "-}}"
        if kind != "space":
            tokens.append(Token(kind, match[0], glued))
        glued = kind != "space"
    raise SyntaxProblemError("an action that does not end")
