"""YAML events of a text: the one place that touches the parser.

Only events are used, never composed or loaded data: events do not depend on duplicate keys, merges,
anchors or the YAML version, aliases are never expanded, and a depth limit can be enforced while
reading (libyaml's composer is recursive and crashes on deep nesting). Marks count code points. The
C parser (libyaml) is preferred. Where it is missing, ruamel.yaml's own parser is used, which is 20
times slower and accepts less (see docs/manifests.md); it also reads texts such as
`{image: nginx:1.25}`, which libyaml before 0.2 refuses.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol, TypeVar

Engine = Literal["c", "pure"]
T = TypeVar("T")

MAX_BYTES = 8 * 1024 * 1024
MAX_PURE_BYTES = 1024 * 1024
MAX_DEPTH = 200
MAX_EVENTS = 200_000
_MAX_BRACKETS = 2_000

# Line breaks by YAML 1.1, as parsers know them.
LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
# ruamel.yaml 0.19 also raises these on broken text, as fuzzing showed.
PARSER_ERRORS = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)
# libyaml 0.1.7 refuses these, which YAML allows: `:` and `?` in plain scalars in flow style.
_COLON = "found unexpected ':'"
_EXPECTED = "did not find expected"
_IN_FLOW = re.compile(r"[:?](?=[^\s,\[\]{}])|:")
# A character beyond U+FFFF as JSON escapes it, which YAML does not know; and as long a text.
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_AS_LONG = r"\\u0020\\u0020"


class Mark(Protocol):
    @property
    def index(self) -> int: ...


class Scalar(Protocol):
    """A scalar event; `style` is one of the quotes or block indicators, "" or None when plain.

    `tag` is YAML's (`!!str`), None where none is written.
    """

    value: str
    style: str | None
    tag: str | None

    @property
    def start_mark(self) -> Mark: ...

    @property
    def end_mark(self) -> Mark: ...


class YamlFaultError(Exception):
    """Text that cannot be read; `line` counts from 1 within the text. Stays in this package."""

    def __init__(self, code: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.line = line
        self.reason = reason


@functools.cache
def has_c_parser() -> bool:
    """Whether libyaml is there; reading is about 20 times slower without it."""
    try:
        import _ruamel_yaml  # noqa: F401
    except ImportError:
        return False
    return True


def prepare() -> None:
    """Import the parser now: otherwise the first document does it."""
    if has_c_parser():
        event_classes()


def yaml_error() -> type[Exception]:
    """The exception of both parsers for text that is not YAML."""
    from ruamel.yaml.error import YAMLError

    error: type[Exception] = YAMLError
    return error


def few_brackets(text: str) -> bool:
    """Whether `is_accepted` may be called: nothing else limits the depth, and libyaml's time grows
    with its square."""
    return text.count("{") + text.count("[") <= _MAX_BRACKETS


def is_accepted(text: str) -> bool:
    """Whether libyaml accepts `text` as YAML, in a fifth of the time of reading its events."""
    from ruamel.yaml.error import YAMLError

    try:
        events_and_rest(text)[1]()
    except YAMLError:
        return False
    return True


def events_and_rest(text: str) -> tuple[Iterator[Any], Callable[[], None]]:
    """libyaml's events, and a function that checks what of the text they have not come to, as
    `is_accepted` does; both raise libyaml's own errors."""
    from _ruamel_yaml import CParser

    parser = CParser(_without_pairs(text))
    return iter(parser.get_event, None), parser.raw_parse


@functools.cache
def event_classes() -> tuple[type[Any], ...]:
    """Scalar, alias, start and end of a mapping, start and end of a sequence."""
    from ruamel.yaml import events as e

    return (
        e.ScalarEvent,
        e.AliasEvent,
        e.MappingStartEvent,
        e.MappingEndEvent,
        e.SequenceStartEvent,
        e.SequenceEndEvent,
    )


def with_events(
    text: str, consume: Callable[[Iterator[Any], Engine], T], *, patient: bool = True
) -> T:
    """The result of `consume` for the events of `text`; it may be called once per parser.

    Raises YamlFaultError; its code is "too-big" for a text that needs the slow parser if not
    `patient`.
    """
    if not has_c_parser():
        return _consume_pure(text, consume)
    from ruamel.yaml.error import YAMLError

    try:
        return consume(events(text, "c"), "c")
    except YAMLError as error:
        if _is_too_strict(error, text) and len(text) <= MAX_PURE_BYTES:
            if not patient:
                fault = _fault(error, text, "c")
                reason = (
                    f"{fault.reason}: too many documents of this file need the slower parser: put "
                    "such values in quotes"
                )
                raise YamlFaultError("too-big", fault.line, reason) from error
            return _consume_pure(text, consume)
        raise _fault(error, text, "c") from error


def _without_pairs(text: str) -> str:
    if "\\" not in text or ("\\ud" not in text and "\\uD" not in text):
        return text
    return _SURROGATES.sub(_AS_LONG, text)


def _is_too_strict(error: Any, text: str) -> bool:
    """Whether it is such a `:` or `?` where libyaml stopped; `{{ a ? b }}` is broken for all."""
    # An error without a mark is about the encoding.
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return False
    problem = str(error.problem)
    if problem.startswith(_COLON):
        return True
    return problem.startswith(_EXPECTED) and _IN_FLOW.match(text, mark.index) is not None


def events(text: str, engine: Engine) -> Iterator[Any]:
    """The parser's events, as they come; they raise the parser's own errors.

    Characters that JSON escapes in pairs come as blanks: no reference has any.
    """
    if engine == "c":
        return events_and_rest(text)[0]
    from ruamel.yaml import YAML

    found: Iterator[Any] = YAML(typ="safe", pure=True).parse(_without_pairs(text))
    return found


def _consume_pure(text: str, consume: Callable[[Iterator[Any], Engine], T]) -> T:
    from ruamel.yaml.error import YAMLError

    if len(text) > MAX_PURE_BYTES:
        reason = (
            f"larger than {MAX_PURE_BYTES // 1024} KiB, which is too large without the C parser"
        )
        raise YamlFaultError("too-big", 0, reason)
    try:
        return consume(events(text, "pure"), "pure")
    except YAMLError as error:
        raise _fault(error, text, "pure") from error
    except PARSER_ERRORS as error:
        raise YamlFaultError("not-yaml", 0, "it cannot be parsed") from error


def _fault(error: Exception, text: str, engine: Engine) -> YamlFaultError:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    problem = " ".join(str(problem).split())[:200]
    return YamlFaultError("not-yaml", _line(error, text, engine), problem or "not YAML")


def _line(error: Exception, text: str, engine: Engine) -> int:
    """The line of an error, as parsers count lines; 0 if the error does not say."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark:
        return int(mark.line) + 1
    # A character that is not allowed has no mark; libyaml counts the bytes before it.
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return 0
    before = (
        text.encode()[:position].decode("utf-8", "replace") if engine == "c" else text[:position]
    )
    return len(LINE_BREAK.findall(before)) + 1
