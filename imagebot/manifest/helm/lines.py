"""Finds the `image:` lines in what the templates of a chart print."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from imagebot.manifest.helm.evaluate import Evaluator
from imagebot.manifest.helm.known import (
    NOTHING,
    Known,
    Parts,
    Test,
    bounded,
    choice,
    joined,
    literal,
    paths_of,
    text_of,
)
from imagebot.manifest.helm.lexer import Literal
from imagebot.manifest.helm.scalar import scalar
from imagebot.manifest.helm.scope import Scope
from imagebot.manifest.helm.syntax import Action, Block, Call, Constant, Node, Pipeline
from imagebot.values import dataclass

KEY = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)*(?:image|\"image\"|'image')[ \t]*:(?P<space>[ \t]+|$)(?P<value>.*)"
)
# The same key in a mapping in flow style.
FLOW_KEY = re.compile(
    r"(?m)[{,][ \t]*(?:image|\"image\"|'image')[ \t]*:(?P<space>[ \t]+|$)(?P<value>.*)"
)
_FLOW_END = re.compile(r"[,}\]]")
_BLOCK_SCALAR = re.compile(r"[|>][-+]?[ \t\r]*\Z")
# Longer beginnings of lines are not those of an `image:` key.
_MAX_PREFIX = 300


@dataclass(slots=True)
class Found:
    """An image, or None for one that is not understood, of the file at `path`."""

    path: str
    line: int
    parts: Parts | None


@dataclass(slots=True)
class Line:
    """The line that is being printed: `prefix` is its text, None after anything that is not known.

    `image` is the line of the template with the `image:` key whose value `parts` are; `awaited` is
    the same where the value is to come on the next line. `ended` says that a block may have printed
    more lines since: on this one, nothing can follow. `closed` are images that a branch of a block
    has ended. `shape` is the text of the line with a letter for each action, None if it is not
    known; `flow` says that the image is in flow style, `quote` how its value began (None: not yet).
    """

    prefix: str | None = ""
    image: int = 0
    parts: list[Parts | None] = field(default_factory=list)
    awaited: int = 0
    block_scalar: bool = False
    ended: bool = False
    closed: list[Found] = field(default_factory=list)
    shape: str | None = ""
    flow: bool = False
    quote: str | None = None

    def grow(self, text: str) -> None:
        shape = None if self.shape is None else self.shape + text
        self.shape = None if shape is None or len(shape) > _MAX_PREFIX else shape


@dataclass(slots=True)
class Printer:
    """Prints templates line by line, and keeps the images.

    `homes` are the files of the helpers that print lines with images, by their names.
    """

    evaluator: Evaluator
    homes: Mapping[str, str]
    path: str = ""
    found: list[Found] = field(default_factory=list)
    seen: set[tuple[str, int]] = field(default_factory=set)
    line: Line = field(default_factory=Line)

    def print(self, path: str, nodes: Sequence[Node], scope: Scope) -> None:
        """Print a file, or a helper with `scope`, on lines of their own."""
        before, self.path, self.line = self.path, path, Line()
        self._nodes(nodes, scope)
        self._end_line()
        self.path, self.line = before, Line(prefix=None)

    def _nodes(self, nodes: Sequence[Node], scope: Scope) -> None:
        if not self.evaluator.enter():
            return
        for node in nodes:
            self.evaluator.steps -= 1
            if isinstance(node, Literal):
                for number, text in enumerate(node.text.split("\n")):
                    if number:
                        self._end_line()
                    self._literal(text, node.line + number)
            elif isinstance(node, Action):
                self._action(node, scope)
            elif isinstance(node, Block):
                self._block(node, scope)
        self.evaluator.depth -= 1

    def _literal(self, text: str, number: int) -> None:
        line = self.line
        if text.strip():
            self._reopen()
        line.grow(text)
        if line.image:
            if line.flow and not line.ended:
                self._in_flow(text, number)
            else:
                line.parts.append(None if line.ended and text.strip() else literal(text).parts)
            return
        if line.prefix is not None:
            self._at_start(text, number)
        if not (self.line.image or self.line.awaited):
            self._find_in_flow(text, number)

    def _at_start(self, text: str, number: int) -> None:
        """Look for the key at the start of a line, of which everything is known."""
        line = self.line
        assert line.prefix is not None
        line.prefix = line.prefix + text if len(line.prefix + text) <= _MAX_PREFIX else None
        if line.awaited and (line.prefix is None or line.prefix.strip()):
            if line.block_scalar or (line.prefix or "-").lstrip()[0] in "\"'":
                self._begin(line.awaited, text)
                return
            line.awaited = 0
        key = KEY.match(line.prefix) if line.prefix else None
        if key:
            self._begin(number, key["value"])
            # Without a space, what follows would be part of the key.
            line.prefix = "" if key["space"] else None

    def _begin(self, number: int, text: str) -> None:
        self.seen.add((self.path, number))
        self.line.image = number
        self.line.parts = [literal(text).parts]

    def _find_in_flow(self, text: str, number: int) -> None:
        """Look for the key in flow style: in a mapping that is open, and not in quotes."""
        line = self.line
        shape = line.shape or ""
        key = FLOW_KEY.search(shape, len(shape) - len(text)) if text and shape else None
        if key is None:
            return
        before = shape[: key.start() + 1]
        if before.count('"') % 2 or before.count("'") % 2 or before.count("{") <= before.count("}"):
            return
        self.seen.add((self.path, number))
        line.image, line.parts = number, [] if key["space"] else [None]
        line.flow, line.quote, line.prefix = True, None, ""
        self._in_flow(key["value"], number)

    def _in_flow(self, text: str, number: int) -> None:
        """Add text to a value in flow style, which may end in it; another may follow."""
        line = self.line
        start = 0
        if line.quote is None:
            text = text.lstrip(" \t")
            line.quote = text[0] if text[:1] in ("'", '"') else "" if text else None
            start = len(line.quote or "")
        end = _FLOW_END.search(text, start)
        at = text.find(line.quote, start) + 1 if line.quote else end.start() if end else 0
        if not at and not (end and not line.quote):
            line.parts.append(literal(text).parts)
            return
        parts = joined([*line.parts, literal(text[:at]).parts])
        value = None if parts is None else scalar(parts)
        self.found.append(Found(self.path, line.image, value))
        line.image, line.parts, line.flow, line.prefix = 0, [], False, None
        self._find_in_flow(text[at:], number)

    def _action(self, node: Action, scope: Scope) -> None:
        pipeline = node.pipeline
        if pipeline.variables:
            self.evaluator.value(pipeline, scope)
            return
        self._reopen()
        self.line.grow("x")
        if self._has_value() and starts_line((node,)):
            self._end_line()
            self.line.prefix = None
        elif self._awaits_value():
            self._value(text_of(self.evaluator.value(pipeline, scope)))
            return
        name, dot = included(pipeline)
        if name in self.homes:
            self._helper(name, self.evaluator.value(dot, scope) if dot else NOTHING)
        elif pipeline.changes:
            self.evaluator.value(pipeline, scope)
        self.line.prefix = None

    def _helper(self, name: str, dot: Known) -> None:
        active = self.evaluator.active
        if name not in active:
            active.append(name)
            self.print(self.homes[name], self.evaluator.helpers[name], Scope(dot, dot))
            active.pop()

    def _awaits_value(self) -> bool:
        line = self.line
        if line.awaited and not line.image and line.prefix is not None:
            self._begin(line.awaited, "")
        return bool(line.image)

    def _has_value(self) -> bool:
        line = self.line
        return bool(line.image) and any(
            parts is None or any(not part.text or part.text.strip() for part in parts)
            for parts in line.parts
        )

    def _value(self, parts: Parts | None) -> None:
        line = self.line
        line.parts.append(None if line.prefix is None or line.ended else parts)
        if line.quote is None:
            line.quote = ""

    def _block(self, node: Block, scope: Scope) -> None:
        if not starts_line((node,)):
            self._reopen()
        line = self.line
        if (line.image or line.awaited) and is_inline(node) and self._awaits_value():
            self._value(self.evaluator.printed(node, scope))
            return
        if line.image and not (self._has_value() and starts_line((node,))):
            # A value that is not on one line.
            line.parts.append(None)
        prefix, start = line.prefix, len(self.found)
        test, body, otherwise = self.evaluator.branches(node, scope)
        shape = f"{line.shape}x" if line.shape is not None and is_inline(node) else None
        self.line = Line(prefix=prefix, closed=line.closed)
        after = self._branch(node.body, body, prefix)
        self.evaluator.leave(node)
        middle = len(self.found)
        self._branch(node.otherwise, otherwise, prefix)
        self.line.prefix, self.line.shape = after, shape
        if line.image:
            line.closed, line.ended = self.line.closed, True
            self.line = line
        if node.word == "range":
            scope.forget(body)
            scope.forget(otherwise)
        else:
            scope.take(test, body, otherwise)
            self._keep(test, start, middle)

    def _branch(self, nodes: Sequence[Node], scope: Scope, prefix: str | None) -> str | None:
        """Print one branch; returns the text of the line that it ends in."""
        closed = self.line.closed
        self.line = Line(prefix=prefix)
        self._nodes(nodes, scope)
        if self.line.image:
            before = len(self.found)
            self._end_line()
            closed = closed + self.found[before:]
            self.line.prefix = None
        self.line.closed += closed
        return self.line.prefix

    def _keep(self, test: bool | Test | None, start: int, middle: int) -> None:
        """Keep a test with the images of its branches where it decides between them: where it is
        about a value that they are made of. Others (`ingress.enabled`) do not choose an image."""
        then, otherwise = self.found[start:middle], self.found[middle:]
        if isinstance(test, bool):
            self.found[start:] = then if test else otherwise
            return
        tested = paths_of(test.parts) if test else set()
        every = then + otherwise
        if test is None or not any(tested & paths_of(each.parts or ()) for each in every):
            return
        for each in then:
            each.parts = each.parts and bounded(choice(test, each.parts, ()))
        for each in otherwise:
            each.parts = each.parts and bounded(choice(test, (), each.parts))

    def _reopen(self) -> None:
        """More follows on a line on which a branch of a block has ended an image."""
        for each in self.line.closed:
            each.parts = None
        self.line.closed = []

    def _end_line(self) -> None:
        line, self.line = self.line, Line()
        if not line.image:
            self.line.awaited = line.awaited if line.prefix is not None else 0
            self.line.block_scalar = line.block_scalar
            return
        parts = joined(line.parts)
        written = "".join(part.text for part in parts or ())
        is_text = parts is not None and all(part.text for part in parts)
        block_scalar = is_text and _BLOCK_SCALAR.match(written) is not None
        if block_scalar or (is_text and not written.strip()):
            if not line.awaited:
                self.line.awaited, self.line.block_scalar = line.image, block_scalar
            return
        value = None if parts is None else scalar(parts)
        self.found.append(Found(self.path, line.image, value))


def is_inline(node: Node) -> bool:
    """Whether what a node prints has no line ends, as far as it is seen."""
    if isinstance(node, Literal):
        return "\n" not in node.text
    if isinstance(node, Block):
        return all(is_inline(each) for each in (*node.body, *node.otherwise))
    return not _is_indented(node)


def starts_line(nodes: Sequence[Node]) -> bool:
    """Whether nodes print nothing, or something that begins with the end of a line."""
    for node in nodes:
        if isinstance(node, Literal):
            text = node.text.lstrip(" \t\r")
            if text:
                return text[0] == "\n"
        elif isinstance(node, Block):
            if not (starts_line(node.body) and starts_line(node.otherwise)):
                return False
        elif _is_indented(node):
            return True
        elif not isinstance(node, Action) or not node.pipeline.variables:
            return False
    return True


def _is_indented(node: Node) -> bool:
    """Whether it is `… | nindent 4`."""
    last = node.pipeline.commands[-1] if isinstance(node, Action) else None
    return isinstance(last, Call) and last.name == "nindent"


def included(pipeline: Pipeline) -> tuple[str, Pipeline | None]:
    """The helper that a pipeline begins with, and what it is called with; "" for another one."""
    call = pipeline.commands[0]
    if not isinstance(call, Call) or call.name != "include" or not call.arguments:
        return "", None
    name, *rest = call.arguments
    if not isinstance(name, Constant) or len(rest) > 1:
        return "", None
    return name.text, Pipeline((rest[0],)) if rest else None
