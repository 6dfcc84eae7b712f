"""YAML text to parser events, in bounded time and memory, or a Fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from imagebot.errors import Fault

MAX_CHARS = 1 << 20
MAX_DEPTH = 64
# The pure parser is 20 times slower; it only has the last word on what the C parser refuses.
_MAX_PURE_CHARS = 1 << 17
_OPENING = frozenset({"MappingStartEvent", "SequenceStartEvent"})
_CLOSING = frozenset({"MappingEndEvent", "SequenceEndEvent"})
# What ruamel.yaml 0.19 raises on broken text besides its own errors, found by fuzzing.
_PARSER_FAULTS = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_BARE_GLOB = re.compile(r"(?:^|[\s,:\[{-])\*[*/.\w-]*")


class UnreadableYamlError(Exception):
    """Stays inside this package: carries the Fault that the load reports."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def parse_events(text: str, path: str) -> list[Any]:
    """Every event of the text, by the C parser, else by the pure one, which accepts a little more.

    Marks count code points from 0. Raises UnreadableYamlError.
    """
    _refuse_early(text, path)
    try:
        from _ruamel_yaml import CParser
    except ImportError:
        return _collect(_pure_events(text), text, path)
    try:
        return _collect(_c_events(CParser(text)), text, path)
    except UnreadableYamlError:
        if len(text) > _MAX_PURE_CHARS:
            raise
        return _collect(_pure_events(text), text, path)


def _refuse_early(text: str, path: str) -> None:
    if len(text) > MAX_CHARS:
        reason = f"longer than {MAX_CHARS:,} characters"
        raise UnreadableYamlError(Fault(path, 0, 0, "", reason))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _unreadable(path, text, error.start, "a character that is no text") from error


def _c_events(parser: Any) -> Iterator[Any]:
    while parser.check_event():
        yield parser.get_event()


def _pure_events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yield from YAML(typ="safe", pure=True).parse(text)


def _collect(events: Iterator[Any], text: str, path: str) -> list[Any]:
    from ruamel.yaml.error import YAMLError

    found: list[Any] = []
    depth = 0
    try:
        for event in events:
            name = type(event).__name__
            depth += (name in _OPENING) - (name in _CLOSING)
            if depth > MAX_DEPTH:
                mark = event.start_mark
                reason = f"nested deeper than {MAX_DEPTH} levels"
                raise UnreadableYamlError(Fault(path, mark.line + 1, mark.column + 1, "", reason))
            found.append(event)
    except YAMLError as error:
        raise UnreadableYamlError(_fault(error, text, path)) from error
    except _PARSER_FAULTS as error:
        raise UnreadableYamlError(Fault(path, 0, 0, "", "this is no YAML")) from error
    return found


def _fault(error: Any, text: str, path: str) -> Fault:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "no YAML"
    context = getattr(error, "context", None)
    reason = f"broken YAML: {problem}" + (f" {context}" if context else "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", None)
        if isinstance(position, int):
            return _unreadable(path, text, position, reason).fault
        return Fault(path, 0, 0, "", reason)
    return Fault(path, mark.line + 1, mark.column + 1, "", reason, _hint(text, mark.line))


def _unreadable(path: str, text: str, position: int, reason: str) -> UnreadableYamlError:
    before = split_lines(text[:position])
    return UnreadableYamlError(Fault(path, len(before), len(before[-1]) + 1, "", reason))


def split_lines(text: str) -> list[str]:
    """Lines as the parser counts them."""
    return _LINE_BREAK.split(text)


def _hint(text: str, line: int) -> str:
    """The mistake that a file full of globs invites: `match: **` is an alias to YAML."""
    lines = split_lines(text)
    if line < len(lines) and _BARE_GLOB.search(lines[line]):
        return "a value that begins with * needs quotes"
    if line < len(lines) and "\t" in lines[line]:
        return "YAML indents with spaces, not with tabs"
    return ""
