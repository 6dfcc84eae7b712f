"""What a Go template consists of, as the parser reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from imagebot.manifest.helm.lexer import Literal
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, number, `true`, or what prints as nothing here: `nil` and `false`."""

    text: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`.a.b`, `$x.a.b` or `(…).a.b`: fields of the dot, of a variable or of a pipeline."""

    start: str | Pipeline
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its name, with what is written behind it."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A chain with arguments, `.Files.Get "x"`: nothing that is known from the template alone."""


Operand: TypeAlias = Constant | Chain | Call
Command: TypeAlias = Constant | Chain | Call | Method


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`$x := a | b`: `variables` is empty, or one name, or two of a `range`.

    `changes` says that a function in it changes a value in place (`set`).
    """

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = False
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    pipeline: Pipeline
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """`if`, `with` or `range`: `word` says which."""

    word: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    line: int


Node: TypeAlias = Literal | Action | Block | Jump


@dataclass(frozen=True, slots=True)
class Template:
    """A file: what it prints, the helpers it defines by name, and how many nodes that is."""

    body: tuple[Node, ...]
    helpers: Mapping[str, tuple[Node, ...]]
    size: int
