"""The proof of an edit: parsed before and after, only the edited values differ.

The same parser reads both texts, event by event in lock-step. Kind, anchor, tag, style and value of
every event must be equal, except for the edited values (which must be exactly the old value with
the edit applied) and for keys that an edit adds. YAML in a literal block scalar is proven in the
same way, one level down.

After the line of the last edit, once the same events have led to the same position in both texts,
the rest of both texts is the same and gives the same events. The parser then only checks that the
rest is valid YAML, which takes a fifth of the time; where the old text is known to be valid, the
new one is, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from imagebot.manifest.yaml.document_text import literal_lines, written_at
from imagebot.manifest.yaml.edits import Edit
from imagebot.manifest.yaml.events import (
    MAX_DEPTH,
    Engine,
    YamlFaultError,
    event_classes,
    events,
    events_and_rest,
    few_brackets,
    with_events,
)
from imagebot.manifest.yaml.quoting import needs_quotes

_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
_PLAIN = ("", None)
_QUOTES = ('"', "'")
_MAX_NESTING = 20


class ProofError(Exception):
    """Why an edit is not exact. Stays in this package."""


def prove(old: str, new: str, edits: list[Edit], *, nesting: int = 0, valid: bool = False) -> None:
    """`valid` says that `old` is known to be YAML to its end.

    Raises ProofError, or YamlFaultError where one of the texts is not YAML."""
    if nesting > _MAX_NESTING:
        raise ProofError("YAML is nested too deeply within YAML")

    def consume(stream: Iterator[Any], engine: Engine) -> None:
        comparison = _Comparison(old, edits, nesting)
        if not (edits and engine == "c" and few_brackets(new)):
            comparison.run(stream, events(new, engine))
            return
        after, check_rest = events_and_rest(new)
        if new.endswith(old[edits[-1].end :]):
            comparison.set_common_end(old, new)
        comparison.run(stream, after)
        if comparison.stopped_early and not valid:
            check_rest()

    with_events(old, consume)


class _Comparison:
    """Walks both streams once. `position` is the first edit that has not been met yet."""

    def __init__(self, old: str, edits: list[Edit], nesting: int) -> None:
        self.old = old
        self.edits = edits
        self.nesting = nesting
        self.position = 0
        self.common_end = float("inf")
        self.growth = 0
        self.stopped_early = False

    def set_common_end(self, old: str, new: str) -> None:
        """From the line after the last edit on, both texts are the same."""
        end_of_line = old.find("\n", self.edits[-1].end)
        if end_of_line >= 0:
            self.common_end = end_of_line
            self.growth = len(new) - len(old)

    def run(self, before: Iterator[Any], after: Iterator[Any]) -> None:
        scalar_event, alias_event, *collections = event_classes()
        starts, ends = collections[::2], collections[1::2]
        depth = 0
        previous_end = 0
        next_start = self._next_start()
        # 0 where a mapping wants a key, 1 where it wants a value, 2 outside of mappings.
        place = 2
        places: list[int] = []
        for a in before:
            # An edit at the end of an event may belong to it, so a key is only added after it.
            start = a.start_mark.index
            if start >= next_start and self._skip_added(start, previous_end, after):
                next_start = self._next_start()
            b: Any = next(after, None)
            kind = a.__class__
            if b.__class__ is not kind:
                raise ProofError("the structure of the document would change")
            if kind is scalar_event:
                end = a.end_mark.index
                if end >= next_start and place and self._belongs(a, previous_end):
                    self._compare_target(a, b)
                    next_start = self._next_start()
                elif a.value != b.value or a.style != b.style or a.anchor != b.anchor:
                    raise ProofError(f"the value {a.value[:60]!r} would change too")
                elif a.tag != b.tag or a.implicit != b.implicit:
                    raise ProofError(f"the type of {a.value[:60]!r} would change")
                previous_end = end
                place ^= place < 2
            elif kind in starts:
                depth += 1
                if depth > MAX_DEPTH:
                    line = a.start_mark.line + 1
                    raise YamlFaultError("too-deep", line, f"deeper than {MAX_DEPTH} levels")
                if a.anchor != b.anchor or a.tag != b.tag or a.flow_style != b.flow_style:
                    raise ProofError("the structure of the document would change")
                previous_end = a.end_mark.index
                places.append(place ^ (place < 2))
                place = 0 if kind is starts[0] else 2
            elif kind in ends:
                depth -= 1
                place = places.pop()
            elif kind is alias_event:
                if a.anchor != b.anchor:
                    raise ProofError("an alias would change")
                place ^= place < 2
            if start > self.common_end and start + self.growth == b.start_mark.index:
                if self.position < len(self.edits):
                    raise ProofError("an edit is not within a value of the document")
                self.stopped_early = True
                return
        if next(after, None) is not None or self.position < len(self.edits):
            raise ProofError("an edit is not within a value of the document")

    def _next_start(self) -> float:
        if self.position < len(self.edits):
            return self.edits[self.position].start
        return float("inf")

    def _skip_added(self, start: int, previous_end: int, after: Iterator[Any]) -> bool:
        """Skip the events of pairs added before `start` in the new stream.

        A pair belongs to the mapping of the value before it, which must end on its line.
        """
        skipped = False
        while self.position < len(self.edits):
            edit = self.edits[self.position]
            if not edit.added_key or edit.start > start:
                break
            between = self.old[previous_end : edit.start]
            if _BREAK.search(between) or (between.strip(" \t") and "#" not in between):
                raise ProofError(f"`{edit.added_key}:` cannot be added here")
            key: Any = next(after, None)
            value: Any = next(after, None)
            texts = (getattr(key, "value", None), getattr(value, "value", None))
            if texts != (edit.added_key, edit.value) or value.implicit[0] != (
                value.style in _PLAIN
            ):
                raise ProofError(f"`{edit.added_key}:` cannot be added here")
            self.position += 1
            skipped = True
        return skipped

    def _belongs(self, a: Any, previous_end: int) -> bool:
        edit = self.edits[self.position]
        if edit.added_key:
            return a.style == "|" and bool(a.start_mark.index < edit.start <= a.end_mark.index)
        if a.value == "" and a.style in _PLAIN:
            return edit.start == edit.end and previous_end <= edit.start
        return bool(a.start_mark.index <= edit.start and edit.end <= a.end_mark.index)

    def _compare_target(self, a: Any, b: Any) -> None:
        own: list[Edit] = []
        while self.position < len(self.edits):
            edit = self.edits[self.position]
            if (edit.added_key and a.style != "|") or edit.end > a.end_mark.index:
                break
            own.append(edit)
            self.position += 1
        inner = _inner_edits(self.old, a, own)
        grown = sum(edit.growth for edit in own)
        if a.value and _length(b) - _length(a) != grown:
            raise ProofError(f"it would read {b.value[:80]!r} and more")
        # The value of a block is its text; elsewhere quotes are not part of the value.
        expected = _applied(
            a.value, [(edit, edit.new if a.style == "|" else edit.value) for edit in inner]
        )
        if b.value != expected:
            raise ProofError(f"it would read {b.value[:80]!r}")
        if b.style in _PLAIN and b.tag is None and needs_quotes(b.value):
            raise ProofError(f"{b.value[:80]!r} would not be text without quotes")
        quoted = a.style in _PLAIN and b.style in _QUOTES and b.implicit == (False, True)
        same = a.style == b.style and a.implicit == b.implicit
        if a.anchor != b.anchor or a.tag != b.tag or not (same or (quoted and a.tag is None)):
            raise ProofError(f"the type of {a.value[:60]!r} would change")
        if a.style == "|":
            self._prove_nested(a.value, b.value, inner)

    def _prove_nested(self, old: str, new: str, edits: list[Edit]) -> None:
        try:
            with_events(old, lambda stream, _engine: _drain(stream))
        except YamlFaultError:
            return
        prove(old, new, edits, nesting=self.nesting + 1)


def _length(scalar: Any) -> int:
    """The length of a scalar as it is written."""
    return int(scalar.end_mark.index - scalar.start_mark.index)


def _drain(stream: Iterator[Any]) -> None:
    depth = 0
    for event in stream:
        name = event.__class__.__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > MAX_DEPTH:
            raise YamlFaultError("too-deep", 0, "too deep")


def _applied(value: str, edits: list[tuple[Edit, str]]) -> str:
    parts: list[str] = []
    at = 0
    for edit, text in edits:
        parts += [value[at : edit.start], text]
        at = edit.end
    return "".join([*parts, value[at:]])


def _inner_edits(text: str, scalar: Any, edits: list[Edit]) -> list[Edit]:
    """The edits in code points of the scalar's value."""
    if scalar.style == "|" and (lines := literal_lines(text, scalar)) is not None:
        return [_in_literal(text, scalar.value, lines, edit) for edit in edits]
    start, _, offset = written_at(text, scalar)
    if scalar.value == "" and scalar.style in _PLAIN:
        return [replace(edit, start=0, end=0) for edit in edits]
    if offset is not None:
        blanks = len(scalar.value) - len(scalar.value.lstrip())
        return [edit.moved(blanks - offset) for edit in edits]
    found = []
    for edit in edits:
        old = text[edit.start : edit.end]
        if edit.start < start or not old or scalar.value.count(old) != 1:
            raise ProofError("the value is written with escapes or over several lines")
        at = scalar.value.index(old)
        found.append(replace(edit, start=at, end=at + len(old)))
    return sorted(found, key=lambda edit: edit.start)


def _without_indent(text: str, start: int, new: str) -> str:
    """Lines added to a block, as a reader of the block sees them."""
    indent = start - text.rfind("\n", 0, start) - 1
    return re.sub(rf"(?:\r\n|\r|\n) {{0,{indent}}}", "\n", new)


def _in_literal(text: str, value: str, lines: list[int], edit: Edit) -> Edit:
    at = 0
    for start, line in zip(lines, value.split("\n"), strict=True):
        if start <= edit.start and edit.end <= start + len(line):
            return replace(edit.moved(at - start), new=_without_indent(text, start, edit.new))
        at += len(line) + 1
    raise ProofError("the edit is not within one line of the block")
