"""A part of the text of a scalar as a scalar: one value among the arguments of a command."""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.manifest.images.arguments import (
    VALUES_FILES,
    Argument,
    arguments_of,
    word_of,
)
from imagebot.manifest.yaml.document_text import DocumentText, literal_lines, written_at
from imagebot.manifest.yaml.events import Mark, Scalar
from imagebot.manifest.yaml.tree import Node, is_scalar


class _Mark:
    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


class PartScalar:
    """A text within a scalar, with the attributes of a parser's event.

    It has the tag of text that is never another type: what it is in decides about quotes.
    """

    __slots__ = ("end_mark", "start_mark", "value")
    style: str | None = ""
    tag: str | None = "!"

    def __init__(self, value: str, start: int) -> None:
        self.value = value
        self.start_mark: Mark = _Mark(start)
        self.end_mark: Mark = _Mark(start + len(value))


def part_of(document_text: DocumentText, scalar: Scalar, argument: Argument) -> Scalar | None:
    """The value of an argument in the text of a scalar; None if it cannot be located."""
    at = _position(document_text.text, scalar, argument)
    return None if at is None else PartScalar(argument.value, at)


def _position(text: str, scalar: Scalar, argument: Argument) -> int | None:
    value = scalar.value
    if scalar.style == "|":
        lines = literal_lines(text, scalar)
        if lines is None:
            return None
        before = value[: argument.start]
        start = lines[before.count("\n")] + argument.start - (before.rfind("\n") + 1)
        return start if text.startswith(argument.value, start) else None
    start, end, offset = written_at(text, scalar)
    if offset is not None:
        return offset + argument.start - (len(value) - len(value.lstrip()))
    # Folded lines and escapes: with its name it must be there once.
    whole = value[argument.begin : argument.end]
    if not whole or value.count(whole) != 1 or text.count(whole, start, end) != 1:
        return None
    return text.index(whole, start, end) + argument.start - argument.begin


def array_arguments(items: Iterable[Node]) -> list[tuple[Scalar, Argument]]:
    """The values that a list of arguments sets, each with its item: every item is one word."""
    found: list[tuple[Scalar, Argument]] = []
    waiting = ""
    for item in items:
        if not is_scalar(item):
            continue
        word = word_of(item.value)
        if waiting:
            words = [word_of(waiting), word]
            waiting = ""
        elif "=" not in item.value and (
            item.value.startswith("--set") or item.value in VALUES_FILES
        ):
            waiting = item.value
            continue
        else:
            words = [word]
        found += [(item, each) for each in arguments_of(words)]
    return found
