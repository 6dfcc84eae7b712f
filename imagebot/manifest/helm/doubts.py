"""Registries that templates may put before the images of values, where they are not understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from imagebot.manifest.helm.lexer import Literal
from imagebot.manifest.helm.syntax import (
    Action,
    Block,
    Call,
    Chain,
    Constant,
    Node,
    Operand,
    Pipeline,
    Template,
)
from imagebot.manifest.images.layers import ChartImage, TemplatePart, ValuePath
from imagebot.values import dataclass

_HOST = re.compile(r"(?<![\w./-])([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::[0-9]+)?)(?=/|\Z)")
_DOCKER_HUB = ("docker.io", "index.docker.io")
# More images that are not understood, or helpers of one of them, say nothing new.
_MAX_IMAGES = 100
_MAX_HELPERS = 100
_MAX_PATHS = 50


@dataclass(slots=True)
class _Said:
    """The values, registries and helpers that a piece of a template names, in their order."""

    paths: dict[ValuePath, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)
    helpers: dict[str, None] = field(default_factory=dict)

    def node(self, node: Node) -> None:
        if isinstance(node, Literal):
            self.text(node.text)
        elif isinstance(node, Action):
            self.pipeline(node.pipeline)
        elif isinstance(node, Block):
            self.pipeline(node.pipeline)
            for each in (*node.body, *node.otherwise):
                self.node(each)

    def text(self, text: str) -> None:
        self.hosts.update((host, None) for host in _HOST.findall(text) if host not in _DOCKER_HUB)

    def pipeline(self, pipeline: Pipeline) -> None:
        for command in pipeline.commands:
            if isinstance(command, Constant | Chain | Call):
                self.operand(command)

    def operand(self, operand: Operand) -> None:
        if isinstance(operand, Constant):
            self.text(operand.text)
        elif isinstance(operand, Call):
            first = operand.arguments[0] if operand.arguments else None
            if operand.name == "include" and isinstance(first, Constant):
                self.helpers[first.text] = None
            for each in operand.arguments:
                self.operand(each)
        else:
            if isinstance(operand.start, Pipeline):
                self.pipeline(operand.start)
            if "Values" in operand.fields:
                path = operand.fields[operand.fields.index("Values") + 1 :]
                self.paths.update({path: None} if path else {})


def doubts_of(
    templates: Mapping[str, Template], unknown: Iterable[tuple[str, int]]
) -> Iterator[ChartImage]:
    """The images at `unknown` (path and line) as far as they name a registry: their parts are the
    values that they name, also in the helpers that they call."""
    helpers: dict[str, _Said] = {}
    for template in templates.values():
        for name, body in template.helpers.items():
            said = helpers.setdefault(name, _Said())
            for node in body:
                said.node(node)
    for path, line in sorted(unknown)[:_MAX_IMAGES]:
        if path not in templates:
            continue
        said = _on_line(templates[path], line)
        waiting, seen = list(said.helpers), set[str]()
        while waiting and len(seen) < _MAX_HELPERS:
            name = waiting.pop()
            if name in helpers and name not in seen:
                seen.add(name)
                said.paths.update(helpers[name].paths)
                said.hosts.update(helpers[name].hosts)
                waiting += helpers[name].helpers
        if said.hosts and said.paths:
            parts = tuple(TemplatePart(path=each) for each in list(said.paths)[:_MAX_PATHS])
            yield ChartImage(line, parts, next(iter(said.hosts)), f"{path}:{line}")


def _on_line(template: Template, line: int) -> _Said:
    said = _Said()
    waiting: list[Node] = [*template.body]
    for body in template.helpers.values():
        waiting += body
    while waiting:
        node = waiting.pop()
        if isinstance(node, Block):
            waiting += (*node.body, *node.otherwise)
        elif isinstance(node, Literal):
            at = line - node.line
            lines = node.text.split("\n", at + 1) if at >= 0 else []
            if 0 <= at < len(lines):
                said.text(lines[at])
        elif isinstance(node, Action) and node.line == line:
            said.pipeline(node.pipeline)
    return said
