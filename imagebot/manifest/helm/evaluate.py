"""Computes what pipelines and helpers of one chart give, as far as the templates tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from imagebot.manifest.helm.functions import call
from imagebot.manifest.helm.known import (
    NOTHING,
    UNKNOWN,
    Changed,
    Known,
    Parts,
    Place,
    Root,
    Test,
    Text,
    as_changed,
    as_text,
    bounded,
    choice,
    constant,
    given,
    joined,
    literal,
    paths_of,
    text_of,
    truth,
)
from imagebot.manifest.helm.known import field as field_of
from imagebot.manifest.helm.lexer import Literal
from imagebot.manifest.helm.parser import CHANGING
from imagebot.manifest.helm.scope import Scope
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
)
from imagebot.manifest.images.layers import TemplatePart, ValuePath
from imagebot.values import dataclass

# Helpers within helpers, blocks and parentheses together.
MAX_DEPTH = 60


@dataclass(slots=True)
class Evaluator:
    """Reads the helpers of one chart. `steps` are left: when none is, everything is unknown.

    `changed` are the values that a template changes in place: nothing below them is known. `ranges`
    are the values that blocks around go through, `active` the helpers that are being read, of which
    `included` for the text that they give.
    """

    helpers: Mapping[str, Sequence[Node]]
    steps: int
    depth: int = 0
    changed: set[ValuePath] = field(default_factory=set)
    ranges: list[ValuePath] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    included: int = 0

    def value(self, pipeline: Pipeline, scope: Scope) -> Known:
        """What a pipeline gives; its variable is set too."""
        known: Known = UNKNOWN
        if self.enter():
            found: Known | None = None
            for command in pipeline.commands:
                found = self._command(command, found, scope)
            known = UNKNOWN if found is None else found
            self.depth -= 1
        if len(pipeline.variables) == 1:
            put = scope.declare if pipeline.declares else scope.assign
            put(pipeline.variables[0], known)
        return known

    def enter(self) -> bool:
        """Go one deeper, unless that is too deep: then nothing of this chart is known."""
        if self.depth >= MAX_DEPTH:
            self.steps = 0
        self.depth += self.steps > 0
        return self.steps > 0

    def _command(self, command: Command, piped: Known | None, scope: Scope) -> Known:
        self.steps -= 1
        if isinstance(command, Call):
            arguments = [self._operand(each, scope) for each in command.arguments]
            if command.name in CHANGING and command.arguments:
                self._change(command.arguments[0], arguments[0], scope)
            if piped is not None:
                arguments.append(piped)
            if command.name == "include":
                return self._include(arguments)
            return call(command.name, arguments)
        if isinstance(command, Method):
            return Changed()
        if piped is not None:
            return UNKNOWN
        return self._operand(command, scope)

    def _operand(self, operand: Operand, scope: Scope) -> Known:
        self.steps -= 1
        if isinstance(operand, Constant):
            return literal(operand.text)
        if isinstance(operand, Call):
            return self._command(operand, None, scope)
        if isinstance(operand.start, Pipeline):
            known = self.value(operand.start, scope)
        else:
            known = scope.dot if operand.start == "." else scope.look_up(operand.start)
        for name in operand.fields:
            known = field_of(known, name)
        return known

    def _change(self, operand: Operand, known: Known, scope: Scope) -> None:
        """Note that what a function changes in place is not what the values say."""
        self.changed.update(paths_of(text_of(known) or ()))
        if known == Place(()) or isinstance(known, Root):
            self.changed.add(())
        start = operand.start if isinstance(operand, Chain) else ""
        if isinstance(start, str) and len(start) > 1:
            scope.assign(start, UNKNOWN)

    def _include(self, arguments: Sequence[Known]) -> Known:
        name = constant(arguments[0]) if arguments else None
        body = self.helpers.get(name or "")
        if name is None or body is None or len(arguments) > 2 or name in self.active:
            return UNKNOWN
        dot = arguments[1] if len(arguments) == 2 else NOTHING
        self.active.append(name)
        self.included += 1
        text = self.text(body, Scope(dot, dot))
        self.included -= 1
        self.active.pop()
        return as_text(text)

    def text(self, nodes: Iterable[Node], scope: Scope) -> Parts | None:
        """What nodes print."""
        if not self.enter():
            return None
        found = joined([self.printed(node, scope) for node in nodes])
        self.depth -= 1
        return found

    def printed(self, node: Node, scope: Scope) -> Parts | None:
        self.steps -= 1
        if self.steps <= 0 or isinstance(node, Jump):
            return None
        if isinstance(node, Literal):
            return literal(node.text).parts
        if isinstance(node, Action):
            known = self.value(node.pipeline, scope)
            if node.pipeline.variables or known == NOTHING:
                return ()
            # For what is missing a helper prints `<no value>`, which Helm takes away in the end.
            return given(known) if self.included else text_of(known)
        test, body, otherwise = self.branches(node, scope)
        if node.word == "range":
            return self._repeated(node, body, scope)
        one = self.text(node.body, body)
        other = self.text(node.otherwise, otherwise)
        scope.take(test, body, otherwise)
        return _chosen(test, one, other)

    def _repeated(self, node: Block, body: Scope, scope: Scope) -> Parts | None:
        """What a `range` prints is known only where it is nothing."""
        printed = self.text(node.body, body)
        self.leave(node)
        scope.forget(body)
        return () if printed == () and not node.otherwise else None

    def branches(self, block: Block, scope: Scope) -> tuple[bool | Test | None, Scope, Scope]:
        """The test of a block, and what its body and its `else` see. `leave` ends the body."""
        head, body, otherwise = scope.within(), scope.within(), scope.within()
        known = self.value(block.pipeline, head)
        body.declared.update(head.declared)
        otherwise.declared.update(head.declared)
        for name, assigned in head.assigned.items():
            scope.assign(name, assigned)
        if block.word == "with":
            body.dot = known
        if block.word == "range":
            self._enter_range(block, known, body)
        return truth(known), body, otherwise

    def _enter_range(self, block: Block, known: Known, body: Scope) -> None:
        """Any one item is the dot. Not one of a value that a block around this one goes through
        as well: the two `*` would not be the same."""
        key: Known = UNKNOWN
        body.dot = UNKNOWN
        if isinstance(known, Place) and known.path and known.path not in self.ranges:
            path = (*known.path, "*")
            body.dot, key = Place(path), Text((TemplatePart(path=path, key=True),))
        self.ranges.append(known.path if isinstance(known, Place) else ())
        both = (key, body.dot)
        names = block.pipeline.variables
        for name, each in zip(names[-2:], both[-len(names) :], strict=False):
            body.declare(name, each)

    def leave(self, block: Block) -> None:
        if block.word == "range":
            self.ranges.pop()


def _chosen(test: bool | Test | None, one: Parts | None, other: Parts | None) -> Parts | None:
    if isinstance(test, bool):
        return one if test else other
    if one is None or other is None:
        return None
    if one == other:
        return one
    return bounded(as_changed((*one, *other)) if test is None else choice(test, one, other))
