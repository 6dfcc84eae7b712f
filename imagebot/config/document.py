"""YAML text to a document, in bounded time and memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from imagebot.config.compose import MAX_DEPTH, Composer, StoppedError
from imagebot.config.node import Document
from imagebot.errors import ConfigIssue, ConfigurationError
from imagebot.manifest.yaml.events import (
    LINE_BREAK,
    PARSER_ERRORS,
    Engine,
    events,
    has_c_parser,
    yaml_error,
)
from imagebot.text import printable

_MAX_CHARS = 1 << 20
# The pure parser is 20 times slower; it only has the last word on what the C parser refuses.
_MAX_PURE_CHARS = 1 << 16
_MAX_EVENTS = 120_000
_OPENING = frozenset({"MappingStartEvent", "SequenceStartEvent"})
_CLOSING = frozenset({"MappingEndEvent", "SequenceEndEvent"})
_BARE_GLOB = re.compile(r"(?:^|[\s,:\[{-])\*[*/.\w-]*")


def read_document(text: str, path: str) -> Document:
    """The one document of a file. `path` is what messages call the file.

    Raises ConfigurationError with everything that is wrong with the YAML itself.
    """
    text = text.removeprefix("\ufeff")
    try:
        composer = Composer(path, _split_lines(text), _parse(text, path))
    except StoppedError as error:
        raise ConfigurationError((error.issue,)) from error.__cause__
    try:
        root = composer.build()
    except StoppedError as error:
        composer.issues.append(error.issue)
    if composer.issues:
        composer.issues.sort(key=lambda issue: (issue.line, issue.column))
        raise ConfigurationError(tuple(composer.issues))
    return Document(path, root)


def _parse(text: str, path: str) -> list[Any]:
    """Every event of the text, from the C parser, else from the pure one, which accepts more.

    Raises StoppedError.
    """
    if len(text) > _MAX_CHARS:
        raise StoppedError(ConfigIssue(path, 0, 0, "", f"longer than {_MAX_CHARS:,} characters"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _stopped_at(path, text, error.start, "not a valid character") from error
    if has_c_parser():
        try:
            return _collect("c", text, path)
        except StoppedError:
            if len(text) > _MAX_PURE_CHARS:
                raise
    return _collect("pure", text, path)


def _collect(engine: Engine, text: str, path: str) -> list[Any]:
    try:
        return list(_bounded(events(text, engine), path))
    except yaml_error() as error:
        raise StoppedError(_issue(error, text, path)) from error
    except PARSER_ERRORS as error:
        raise StoppedError(ConfigIssue(path, 0, 0, "", "not YAML")) from error


def _bounded(found: Iterator[Any], path: str) -> Iterator[Any]:
    """The events, unless they are too many, or so deep that the parsers slow down."""
    depth = 0
    for number, event in enumerate(found):
        name = type(event).__name__
        depth += (name in _OPENING) - (name in _CLOSING)
        if depth > MAX_DEPTH or number > _MAX_EVENTS:
            mark = event.start_mark
            deep = f"nested deeper than {MAX_DEPTH} levels"
            reason = deep if depth > MAX_DEPTH else "more values than a configuration can hold"
            raise StoppedError(ConfigIssue(path, mark.line + 1, mark.column + 1, "", reason))
        yield event


def _issue(error: Any, text: str, path: str) -> ConfigIssue:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    context = getattr(error, "context", None)
    reason = printable(f"broken YAML: {problem}" + (f" {context}" if context else ""))
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", None)
        if isinstance(position, int):
            return _stopped_at(path, text, position, reason).issue
        return ConfigIssue(path, 0, 0, "", reason)
    return ConfigIssue(path, mark.line + 1, mark.column + 1, "", reason, _hint(text, mark.line))


def _stopped_at(path: str, text: str, position: int, reason: str) -> StoppedError:
    before = _split_lines(text[:position])
    return StoppedError(ConfigIssue(path, len(before), len(before[-1]) + 1, "", reason))


def _split_lines(text: str) -> list[str]:
    """Lines as the parser counts them."""
    return LINE_BREAK.split(text)


def _hint(text: str, line: int) -> str:
    """A common mistake in a file full of globs: `match: **` is an alias to YAML."""
    lines = _split_lines(text)
    if line < len(lines) and _BARE_GLOB.search(lines[line]):
        return "a value that begins with * needs quotes"
    if line < len(lines) and "\t" in lines[line]:
        return "YAML indents with spaces, not with tabs"
    return ""
