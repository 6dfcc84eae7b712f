"""Reads how the templates of a Helm chart put images together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from imagebot.manifest.helm.doubts import doubts_of
from imagebot.manifest.helm.evaluate import Evaluator
from imagebot.manifest.helm.known import Parts, Root, as_changed, paths_of
from imagebot.manifest.helm.lexer import Literal, SyntaxProblemError
from imagebot.manifest.helm.lines import FLOW_KEY, KEY, Printer, included
from imagebot.manifest.helm.parser import parse
from imagebot.manifest.helm.scope import Scope
from imagebot.manifest.helm.syntax import Action, Block, Node, Template
from imagebot.manifest.helm.well_known import WELL_KNOWN
from imagebot.manifest.images.layers import ChartImage, ValuePath
from imagebot.text import excerpt
from imagebot.values import dataclass

# What one node of the templates may take on average: helpers are read once for each call.
_STEPS_PER_NODE = 30
_STEPS = 5_000
_MAX_IMAGES = 2_000
_MAX_WRITTEN = 200
_HELPERS_FILE = re.compile(r"(?:\A|/)_[^/]*\Z")


@dataclass(frozen=True, slots=True)
class TemplateImages:
    """The images of a chart's templates, each with the path of its file.

    `unknown` are those of which nothing is known: path, line (from 1) and what is written there.
    `doubts` are those of them that name a registry.
    """

    images: tuple[tuple[str, ChartImage], ...] = ()
    unknown: tuple[tuple[str, int, str], ...] = ()
    doubts: tuple[ChartImage, ...] = ()


def read_templates(files: Mapping[str, str]) -> TemplateImages:
    """The images in the files of one chart's `templates/`, helpers (`_*.tpl`) included.

    Never raises: a file that is not a template has unknown images only.
    """
    templates: dict[str, Template] = {}
    candidates: set[tuple[str, int]] = set()
    for path, text in sorted(files.items()):
        if path.rpartition("/")[2] == "NOTES.txt":
            continue
        try:
            templates[path] = parse(text)
            candidates.update((path, line) for line in _image_lines(templates[path]))
        except SyntaxProblemError:
            candidates.update((path, line) for line in _lines_of(text, 1))
    printer = _print(templates)
    whole = printer.evaluator.steps > 0
    changed = printer.evaluator.changed
    images: dict[tuple[str, ChartImage], None] = {}
    unknown = {each for each in candidates if each not in printer.seen}
    for found in printer.found:
        parts = found.parts if whole else None
        if parts and _is_changed(parts, changed):
            parts = as_changed(parts)
        if parts and len(images) < _MAX_IMAGES:
            where = f"{found.path}:{found.line}"
            images[found.path, ChartImage(found.line, parts, where=where)] = None
        elif parts is None or parts:
            unknown.add((found.path, found.line))
    unknown |= set() if whole else candidates
    lines = {path: files[path].split("\n") for path, _ in unknown}
    listed = ((p, n, excerpt(lines[p][n - 1].strip(), _MAX_WRITTEN)) for p, n in sorted(unknown))
    doubts = tuple(doubts_of(templates, unknown)) if unknown else ()
    return TemplateImages(tuple(sorted(images, key=_place)), tuple(listed), doubts)


def _place(image: tuple[str, ChartImage]) -> tuple[str, int]:
    return image[0], image[1].line


def _is_changed(parts: Parts, changed: set[ValuePath]) -> bool:
    """Whether a part is a value that a template changes, or is below one."""
    return bool(changed) and any(
        path[:length] in changed for path in paths_of(parts) for length in range(len(path) + 1)
    )


def _print(templates: Mapping[str, Template]) -> Printer:
    helpers = {name: parse(text).body for name, text in WELL_KNOWN.items()}
    homes: dict[str, str] = {}
    twice = set()
    for path, template in templates.items():
        for name, body in template.helpers.items():
            if name in homes and helpers[name] != body:
                twice.add(name)
            homes[name], helpers[name] = path, body
    for name in twice:
        # Which of them Helm takes depends on the order of its files, subcharts included.
        del helpers[name], homes[name]
    size = sum(template.size for template in templates.values())
    evaluator = Evaluator(helpers, _STEPS + _STEPS_PER_NODE * size)
    printing = _printing(helpers)
    printer = Printer(evaluator, {name: homes[name] for name in printing if name in homes})
    for path, template in templates.items():
        if not _HELPERS_FILE.search(path):
            printer.print(path, template.body, Scope(Root(), Root()))
    return printer


def _printing(helpers: Mapping[str, Sequence[Node]]) -> set[str]:
    """The helpers that print lines with images, or change values, or call one that does."""
    callers: dict[str, list[str]] = {}
    queue: list[str] = []
    for name, body in helpers.items():
        for node in _every(body):
            if isinstance(node, Action):
                callers.setdefault(included(node.pipeline)[0], []).append(name)
                if node.pipeline.changes:
                    queue.append(name)
            if isinstance(node, Literal) and (KEY.search(node.text) or FLOW_KEY.search(node.text)):
                queue.append(name)
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(callers.get(name, ()))
    return found


def _every(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes, and those within them."""
    for node in nodes:
        yield node
        if isinstance(node, Block):
            yield from _every(node.body)
            yield from _every(node.otherwise)


def _image_lines(template: Template) -> Iterator[int]:
    for body in (template.body, *template.helpers.values()):
        for node in _every(body):
            if isinstance(node, Literal):
                yield from _lines_of(node.text, node.line)


def _lines_of(text: str, line: int) -> Iterator[int]:
    """The numbers of the lines with an `image:` key, of which the first is `line`."""
    at = 0
    for key in KEY.finditer(text):
        line += text.count("\n", at, key.start())
        at = key.start()
        yield line
