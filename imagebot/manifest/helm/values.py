"""Reads the values of a layer: every scalar with the keys that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from imagebot.manifest.images.arguments import (
    Argument,
    UnreadArgumentsError,
    is_index,
    name_path,
    read_arguments,
)
from imagebot.manifest.images.layers import (
    TARGET,
    LayerValue,
    Section,
    SectionValues,
    ValuePath,
)
from imagebot.manifest.images.part_scalar import array_arguments, part_of
from imagebot.manifest.yaml.document_text import DocumentText, nested_text, split_documents
from imagebot.manifest.yaml.events import MAX_BYTES, Scalar, YamlFaultError
from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.tree import (
    COMPLEX_KEY,
    Mapping,
    Node,
    Sequence,
    build,
    is_null,
    is_scalar,
)
from imagebot.values import dataclass

# A layer with more values, or steps through aliases, is not read: it would cost too much for each
# file above it.
MAX_VALUES = 20_000
# No reference is longer; other text, such as scripts, says nothing about images.
_MAX_TEXT = 400
_MAX_DEPTH = 30
# Values in lists, which templates go through: no list of images is longer.
_MAX_LISTED = 4_000
# What counts as false in a template though it has a text: of YAML as Helm reads it, and of `--set`.
_EMPTY = re.compile(
    r"[fF]alse|FALSE|[nN]o|NO|[oO]ff|OFF|[nN]|[-+]?(?:0[xob]?[0_]*(?:\.0*)?|\.0+)(?:[eE][-+]?[0-9]+)?"
)
_EMPTY_SET = re.compile(r"(?i:false)|0")
# What stands for a placeholder without quotes, which YAML parses as a mapping (`{{ .x }}`).
_FILLED_IN = "{{ }}"


def read_values(data: bytes, sections: tuple[Section, ...]) -> tuple[SectionValues, ...]:
    """The values of each of `sections` that is there and can be read."""
    if len(data) > MAX_BYTES:
        return ()
    try:
        file = FileText(data)
    except UnicodeDecodeError:
        return ()
    wanted: dict[int, list[Section]] = {}
    for section in sections:
        wanted.setdefault(section.document, []).append(section)
    found: list[SectionValues] = []
    for number, text, root in _documents(file, max(wanted)):
        for section in wanted.get(number, ()):
            reading = _Reading()
            if reading.section(text, root, section):
                found.append(SectionValues(section, tuple(reading.values)))
    return tuple(found)


def _documents(file: FileText, last: int) -> Iterator[tuple[int, DocumentText, Node]]:
    """The documents up to number `last`, counted as a scan of the file counts them."""
    number = 0
    for text in split_documents(file):
        if text.base == 0 and not text.text.startswith("---") and is_blank(text.text):
            continue
        try:
            roots = build(text.text)
        except YamlFaultError:
            roots = [None]
        for root in roots:
            yield number, text, root
            number += 1
        if number > last:
            return


def is_blank(text: str) -> bool:
    """Whether a text has nothing but comments; YAML knows more line breaks than `\\n`."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


@dataclass(slots=True)
class _Reading:
    """One section; `steps` bounds what aliases can multiply, `listed` what is in lists."""

    values: list[LayerValue] = field(default_factory=list)
    steps: int = 0
    listed: int = 0

    def section(self, text: DocumentText, root: Node, section: Section) -> bool:
        """Read a section; whether it is there and not too large."""
        here: tuple[DocumentText, Node] | None = (text, root)
        for key in section.keys:
            here = None if here is None else _below(*_opened(*here), key)
        if here is None:
            return False
        if section.parameters and section.keys[-1:] == (TARGET,):
            return self.target(*here)
        if section.parameters:
            return self.named(*here)
        text, node = _opened(*here)
        return isinstance(node, Mapping) and self.mapping(text, node, ())

    def named(self, text: DocumentText, node: Node) -> bool:
        """Values by name: `[{name, value}]`, `{image.tag: 1.2}`, or arguments (`--set …`)."""
        if isinstance(node, Mapping):
            for name, (_, value) in node.items():
                path = parameter_path(name)
                if path and is_scalar(value):
                    self.add(text, path, value)
            return len(node) <= MAX_VALUES
        if not isinstance(node, Sequence):
            return is_scalar(node) and self.arguments(text, node)
        for item in node[:MAX_VALUES]:
            value = item.scalar("value") if isinstance(item, Mapping) else None
            path = parameter_path(item.text("name")) if isinstance(item, Mapping) else ()
            if value is not None and path:
                # Argo CD passes it to `--set`, which looks at its text.
                forced = isinstance(item, Mapping) and "true" in (
                    item.text("forceString"),
                    item.text("forcestring"),
                )
                self.add(text, path, value, None if forced else _EMPTY_SET)
        for scalar, each in array_arguments(node[:MAX_VALUES]):
            self.argument(text, scalar, each)
        return len(node) <= MAX_VALUES

    def target(self, text: DocumentText, node: Node) -> bool:
        """The name of a value that is in another object, as one that equals no other."""
        path = parameter_path(node.value.strip()) if is_scalar(node) else ()
        if path and is_scalar(node):
            self.values.append(LayerValue(path, "", _line(text, node)))
        return bool(path)

    def arguments(self, text: DocumentText, scalar: Scalar) -> bool:
        try:
            found = read_arguments(scalar.value)
        except UnreadArgumentsError:
            return False
        for each in found:
            self.argument(text, scalar, each)
        return True

    def argument(self, text: DocumentText, scalar: Scalar, argument: Argument) -> None:
        part = part_of(text, scalar, argument)
        if argument.path and not any(is_index(key) for key in argument.path):
            known = not argument.reason and len(argument.value) <= _MAX_TEXT
            value = argument.value if known else None
            line = _line(text, scalar if part is None else part)
            typed = value is not None and argument.option != "--set-string"
            empty = typed and _EMPTY_SET.fullmatch(value or "") is not None
            self.values.append(LayerValue(argument.path, value, line, empty))

    def mapping(self, text: DocumentText, mapping: Mapping, path: ValuePath) -> bool:
        if len(path) > _MAX_DEPTH:
            return True
        for key in _keys(mapping):
            self.steps += 1
            if self.steps > MAX_VALUES:
                return False
            pair = mapping.pair(key)
            if pair is None:
                continue
            name, node = pair
            if isinstance(node, Mapping) and COMPLEX_KEY in node and hasattr(name, "start_mark"):
                self.values.append(LayerValue((*path, key), _FILLED_IN, _line(text, name)))
            elif isinstance(node, Mapping):
                if not self.mapping(text, node, (*path, key)):
                    return False
            elif is_scalar(node):
                self.add(text, (*path, key), node)
            elif hasattr(name, "start_mark"):
                self.values.append(LayerValue((*path, key), None, _line(text, name)))
                if isinstance(node, Sequence):
                    self.items(text, node, (*path, key))
        return True

    def items(self, text: DocumentText, sequence: Sequence, path: ValuePath) -> None:
        """The values of a list, by the number of their item, as far as there are not too many."""
        for number, item in enumerate(sequence):
            if self.listed > _MAX_LISTED or len(path) > _MAX_DEPTH:
                return
            at = (*path, str(number))
            self.listed += 1
            if is_scalar(item):
                self.add(text, at, item)
            elif isinstance(item, Mapping):
                self.item(text, item, at)

    def item(self, text: DocumentText, mapping: Mapping, path: ValuePath) -> None:
        for key in _keys(mapping):
            self.listed += 1
            if self.listed > _MAX_LISTED:
                return
            pair = mapping.pair(key)
            if pair is None:
                continue
            node = pair[1]
            if is_scalar(node):
                self.add(text, (*path, key), node)
            elif isinstance(node, Mapping) and COMPLEX_KEY not in node and len(path) < _MAX_DEPTH:
                self.item(text, node, (*path, key))
            elif isinstance(node, Sequence):
                self.items(text, node, (*path, key))

    def add(
        self,
        text: DocumentText,
        path: ValuePath,
        scalar: Scalar,
        emptiness: re.Pattern[str] | None = _EMPTY,
    ) -> None:
        value = scalar.value.strip()
        if len(value) > _MAX_TEXT:
            return
        hides = bool(value or not scalar.style) and is_null(scalar)
        plain = emptiness is _EMPTY_SET or (not scalar.style and scalar.tag is None)
        empty = plain and emptiness is not None and emptiness.fullmatch(value) is not None
        self.values.append(LayerValue(path, None if hides else value, _line(text, scalar), empty))


def _keys(mapping: Mapping) -> Iterator[str]:
    """The keys of a mapping and of those merged into it."""
    yield from mapping
    if "<<" not in mapping:
        return
    seen = {"<<", *mapping}
    waiting = [mapping.get("<<")]
    count = 0
    while waiting and count < MAX_VALUES:
        count += 1
        pair = waiting.pop()
        node = pair[1] if pair is not None else None
        for each in node if isinstance(node, Sequence) else [node]:
            if isinstance(each, Mapping):
                waiting.append(each.get("<<"))
                fresh = [key for key in each if key not in seen]
                seen.update(fresh)
                yield from fresh


def parameter_path(name: str) -> ValuePath:
    """The keys in the name of a parameter; () for items of lists."""
    path = name_path(name)
    return () if any(is_index(key) for key in path) else path


def _opened(text: DocumentText, node: Node) -> tuple[DocumentText, Node]:
    """A block with YAML in it as what it holds; lines of other text are those of its start."""
    if not is_scalar(node) or "\n" not in node.value:
        return text, node
    inner = nested_text(text, node) if node.style == "|" else None
    if inner is None:
        return text, None
    try:
        roots = build(inner.text)
    except YamlFaultError:
        return text, None
    return (inner, roots[0]) if len(roots) == 1 else (text, None)


def _below(text: DocumentText, node: Node, key: str | int) -> tuple[DocumentText, Node] | None:
    if isinstance(key, str):
        return (text, node.node(key)) if isinstance(node, Mapping) else None
    return (text, node[key]) if isinstance(node, Sequence) and key < len(node) else None


def _line(text: DocumentText, scalar: Scalar) -> int:
    return text.file.line(text.index(scalar.start_mark.index))
