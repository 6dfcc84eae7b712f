"""Reads the text of a Go template into its syntax tree."""

from __future__ import annotations

from itertools import chain, takewhile

from imagebot.manifest.helm.lexer import Literal, SyntaxProblemError, Token, Tokens, split
from imagebot.manifest.helm.syntax import (
    Action,
    Block,
    Call,
    Chain,
    Command,
    Constant,
    Jump,
    Method,
    Node,
    Operand,
    Pipeline,
    Template,
)

MAX_DEPTH = 40
# Functions that change their first argument (Sprig's dictionaries).
CHANGING = frozenset(
    ("set", "unset", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite")
)  # fmt: skip
_BLOCKS = ("if", "with", "range")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


def parse(text: str) -> Template:
    """The tree of a template. Raises SyntaxProblemError."""
    return _File(text).read()


class _File:
    """Reads the blocks of one file, one piece at a time."""

    def __init__(self, text: str) -> None:
        self.pieces = split(text)
        self.helpers: dict[str, tuple[Node, ...]] = {}
        self.size = 0

    def read(self) -> Template:
        body, end = self.nodes(0)
        if end is not None:
            raise SyntaxProblemError("an end of nothing")
        return Template(body, self.helpers, self.size)

    def nodes(self, depth: int) -> tuple[tuple[Node, ...], Tokens | None]:
        """The nodes up to an `end` or `else`, and that one; None at the end of the file."""
        if depth > MAX_DEPTH:
            raise SyntaxProblemError("too deep")
        found: list[Node] = []
        for piece in self.pieces:
            self.size += 1
            if isinstance(piece, Literal):
                found.append(piece)
                continue
            word = piece.tokens[0].text if piece.tokens else ""
            if word in ("end", "else"):
                return tuple(found), piece
            if word == "define":
                self.define(piece, depth)
            else:
                found.append(self.node(word, piece, depth))
        return tuple(found), None

    def node(self, word: str, piece: Tokens, depth: int) -> Node:
        rest = piece.tokens[1:]
        if word in _BLOCKS:
            return self.block(word, rest, piece.line, depth)
        if word in ("break", "continue"):
            return Jump(piece.line)
        if word == "block":
            self.define(Tokens(piece.tokens[:2], piece.line), depth)
        if word in ("block", "template"):
            include = Token("word", "include", False)
            return Action(_Expression((include, *rest)).read(), piece.line)
        return Action(_Expression(piece.tokens).read(), piece.line)

    def define(self, piece: Tokens, depth: int) -> None:
        if len(piece.tokens) != 2 or piece.tokens[1].kind != "string":
            raise SyntaxProblemError("a helper without a name")
        body, end = self.nodes(depth + 1)
        if end is None or end.tokens[0].text != "end":
            raise SyntaxProblemError("a helper that does not end")
        self.helpers[_string(piece.tokens[1].text)] = body

    def block(self, word: str, tokens: tuple[Token, ...], line: int, depth: int) -> Block:
        pipeline = _Expression(tokens).read()
        body, end = self.nodes(depth + 1)
        if end is None:
            raise SyntaxProblemError(f"an {word} that does not end")
        otherwise: tuple[Node, ...] = ()
        if end.tokens[0].text == "else":
            if len(end.tokens) > 1 and end.tokens[1].text in ("if", "with"):
                again = end.tokens[1].text
                otherwise = (self.block(again, end.tokens[2:], end.line, depth + 1),)
            else:
                otherwise, end = self.nodes(depth + 1)
                if end is None or end.tokens[0].text != "end":
                    raise SyntaxProblemError(f"an {word} that does not end")
        return Block(word, pipeline, body, otherwise, line)


class _Expression:
    """Reads the tokens of one action."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0
        self.changes = False

    def read(self) -> Pipeline:
        variables, declares = self.variables()
        commands = self.commands(0)
        if self.at < len(self.tokens):
            raise SyntaxProblemError(f"unexpected {self.tokens[self.at].text}")
        return Pipeline(commands, variables, declares, self.changes)

    def variables(self) -> tuple[tuple[str, ...], bool]:
        """The names before `:=` or `=`, and whether it is the first of them."""
        head = list(takewhile(lambda t: t.kind == "variable" or t.text == ",", self.tokens[:4]))
        if not head or len(head) == len(self.tokens):
            return (), False
        sign = self.tokens[len(head)].text
        if sign not in (":=", "="):
            return (), False
        self.at = len(head) + 1
        return tuple(token.text for token in head if token.text != ","), sign == ":="

    def commands(self, depth: int) -> tuple[Command, ...]:
        if depth > MAX_DEPTH:
            raise SyntaxProblemError("too deep")
        found = [self.command(depth)]
        while self.next_is("|"):
            self.at += 1
            found.append(self.command(depth))
        return tuple(found)

    def next_is(self, text: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text == text

    def command(self, depth: int) -> Command:
        operands: list[Operand] = []
        while self.at < len(self.tokens) and self.tokens[self.at].text not in ("|", ")"):
            operands.append(self.operand(depth))
        if not operands:
            raise SyntaxProblemError("an empty command")
        first, *arguments = operands
        if isinstance(first, Call):
            self.changes = self.changes or first.name in CHANGING
            return Call(first.name, tuple(arguments))
        return first if not arguments else Method()

    def operand(self, depth: int) -> Operand:
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "string":
            return Constant(_string(token.text))
        if token.kind == "number":
            return Constant(token.text)
        if token.kind == "word":
            known = {"nil": "", "false": "", "true": "true"}.get(token.text)
            return Call(token.text, ()) if known is None else Constant(known)
        if token.kind == "field":
            return Chain(".", (token.text[1:], *self.fields()))
        if token.kind in ("variable", "dot"):
            return Chain(token.text, self.fields())
        if token.text == "(":
            inner = self.commands(depth + 1)
            if not self.next_is(")"):
                raise SyntaxProblemError("a parenthesis that does not end")
            self.at += 1
            return Chain(Pipeline(inner, changes=self.changes), self.fields())
        raise SyntaxProblemError(f"unexpected {token.text}")

    def fields(self) -> tuple[str, ...]:
        found: list[str] = []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind != "field" or not token.glued:
                break
            found.append(token.text[1:])
            self.at += 1
        return tuple(found)


def _string(text: str) -> str:
    """What a string says. Raises SyntaxProblemError for an escape that charts do not use."""
    if text[0] == "`":
        return text[1:-1]
    head, *parts = text[1:-1].replace("\\\\", "\\\0").split("\\")
    return head + "".join(chain.from_iterable(_escaped(part) for part in parts))


def _escaped(part: str) -> tuple[str, str]:
    known = "\\" if part[:1] == "\0" else _ESCAPES.get(part[:1])
    if known is None:
        raise SyntaxProblemError(f"an escape \\{part[:1]}")
    return known, part[1:]
