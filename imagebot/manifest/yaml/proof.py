"""The proof of an edit: parsed before and after, only the edited values differ.

Both texts are read by the same parser, event by event in lock-step. Kind, anchor, tag, style and
value of every event must be equal, but for the values that the cuts lie in (which must be exactly
the old value with the cut made) and for keys that a cut adds. A literal block scalar that holds
YAML is proven in the same way, one level down.

Once the line of the last cut is past, and the parser has come to the same place of both texts by
the same events, it has the same text before it and can only say the same. From there on it is
only asked whether that is YAML, which costs a fifth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from imagebot.manifest.yaml.events import (
    MAX_DEPTH,
    Engine,
    YamlFaultError,
    check_syntax,
    event_classes,
    events,
    few_brackets,
    with_events,
)
from imagebot.manifest.yaml.quoting import needs_quotes
from imagebot.manifest.yaml.source import literal_lines, written_at

_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
_PLAIN = ("", None)
_QUOTES = ('"', "'")
_MAX_NESTING = 20


class ProofError(Exception):
    """Why an edit is not exact. Stays in this package."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A replacement of code points `start` to `end` by `new`; a reader sees `value` there.

    `added_key` is the key of a mapping pair that the cut adds, "" for one within a scalar.
    """

    start: int
    end: int
    new: str
    value: str
    added_key: str = ""

    def moved(self, by: int) -> Cut:
        return replace(self, start=self.start + by, end=self.end + by)


def prove(old: str, new: str, cuts: list[Cut], *, nesting: int = 0) -> None:
    """Raises ProofError, or YamlFaultError where one of the texts is not YAML."""
    if nesting > _MAX_NESTING:
        raise ProofError("YAML within YAML, too deep")

    def consume(stream: Iterator[Any], engine: Engine) -> None:
        comparison = _Comparison(old, cuts, nesting)
        if cuts and engine == "c" and few_brackets(new) and new.endswith(old[cuts[-1].end :]):
            comparison.set_common_end(old, new)
        comparison.run(stream, events(new, engine))
        if comparison.stopped_early:
            check_syntax(new)

    with_events(old, consume)


class _Comparison:
    """Walks both streams once. `position` is the first cut that has not been met yet."""

    def __init__(self, old: str, cuts: list[Cut], nesting: int) -> None:
        self.old = old
        self.cuts = cuts
        self.nesting = nesting
        self.position = 0
        self.common_end = float("inf")
        self.growth = 0
        self.stopped_early = False

    def set_common_end(self, old: str, new: str) -> None:
        """From the line after the last cut on, both texts are the same."""
        end_of_line = old.find("\n", self.cuts[-1].end)
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
            # A cut at the end of an event may belong to it, so a key is only added after it.
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
                if self.position < len(self.cuts):
                    raise ProofError("an edit lies in no value of the document")
                self.stopped_early = True
                return
        if next(after, None) is not None or self.position < len(self.cuts):
            raise ProofError("an edit lies in no value of the document")

    def _next_start(self) -> float:
        if self.position < len(self.cuts):
            return self.cuts[self.position].start
        return float("inf")

    def _skip_added(self, start: int, previous_end: int, after: Iterator[Any]) -> bool:
        """Take the events of pairs that are added before `start` off the new stream.

        A pair belongs to the mapping of the value before it, so that must end on its line.
        """
        skipped = False
        while self.position < len(self.cuts):
            cut = self.cuts[self.position]
            if not cut.added_key or cut.start > start:
                break
            between = self.old[previous_end : cut.start]
            if _BREAK.search(between) or (between.strip(" \t") and "#" not in between):
                raise ProofError(f"`{cut.added_key}:` cannot be added here")
            key: Any = next(after, None)
            value: Any = next(after, None)
            texts = (getattr(key, "value", None), getattr(value, "value", None))
            if texts != (cut.added_key, cut.value) or value.implicit[0] != (value.style in _PLAIN):
                raise ProofError(f"`{cut.added_key}:` cannot be added here")
            self.position += 1
            skipped = True
        return skipped

    def _belongs(self, a: Any, previous_end: int) -> bool:
        cut = self.cuts[self.position]
        if cut.added_key:
            return a.style == "|" and bool(a.start_mark.index < cut.start <= a.end_mark.index)
        if a.value == "" and a.style in _PLAIN:
            return cut.start == cut.end and previous_end <= cut.start
        return bool(a.start_mark.index <= cut.start and cut.end <= a.end_mark.index)

    def _compare_target(self, a: Any, b: Any) -> None:
        own: list[Cut] = []
        while self.position < len(self.cuts):
            cut = self.cuts[self.position]
            if (cut.added_key and a.style != "|") or cut.end > a.end_mark.index:
                break
            own.append(cut)
            self.position += 1
        inner = _inner_cuts(self.old, a, own)
        grown = sum(len(cut.new) - (cut.end - cut.start) for cut in own)
        if a.value and _length(b) - _length(a) != grown:
            raise ProofError(f"it would read {b.value[:80]!r} and more")
        # What a block holds is the text itself; elsewhere quotes are not part of the value.
        expected = _cut(a.value, [(cut, cut.new if a.style == "|" else cut.value) for cut in inner])
        if b.value != expected:
            raise ProofError(f"it would read {b.value[:80]!r}")
        if b.style in _PLAIN and b.tag is None and needs_quotes(b.value):
            raise ProofError(f"{b.value[:80]!r} without quotes would be no text")
        quoted = a.style in _PLAIN and b.style in _QUOTES and b.implicit == (False, True)
        same = a.style == b.style and a.implicit == b.implicit
        if a.anchor != b.anchor or a.tag != b.tag or not (same or (quoted and a.tag is None)):
            raise ProofError(f"the type of {a.value[:60]!r} would change")
        if a.style == "|":
            self._prove_embedded(a.value, b.value, inner)

    def _prove_embedded(self, old: str, new: str, cuts: list[Cut]) -> None:
        try:
            with_events(old, lambda stream, _engine: _drain(stream))
        except YamlFaultError:
            return
        prove(old, new, cuts, nesting=self.nesting + 1)


def _length(scalar: Any) -> int:
    """How long a scalar is as it is written."""
    return int(scalar.end_mark.index - scalar.start_mark.index)


def _drain(stream: Iterator[Any]) -> None:
    depth = 0
    for event in stream:
        name = event.__class__.__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > MAX_DEPTH:
            raise YamlFaultError("too-deep", 0, "too deep")


def _cut(value: str, cuts: list[tuple[Cut, str]]) -> str:
    parts: list[str] = []
    at = 0
    for cut, text in cuts:
        parts += [value[at : cut.start], text]
        at = cut.end
    return "".join([*parts, value[at:]])


def _inner_cuts(text: str, scalar: Any, cuts: list[Cut]) -> list[Cut]:
    """The cuts in code points of the scalar's value."""
    if scalar.style == "|" and (lines := literal_lines(text, scalar)) is not None:
        return [_in_literal(text, scalar.value, lines, cut) for cut in cuts]
    start, _, offset = written_at(text, scalar)
    if scalar.value == "" and scalar.style in _PLAIN:
        return [replace(cut, start=0, end=0) for cut in cuts]
    if offset is not None:
        blanks = len(scalar.value) - len(scalar.value.lstrip())
        return [cut.moved(blanks - offset) for cut in cuts]
    found = []
    for cut in cuts:
        old = text[cut.start : cut.end]
        if cut.start < start or not old or scalar.value.count(old) != 1:
            raise ProofError("the value is written with escapes or over several lines")
        at = scalar.value.index(old)
        found.append(replace(cut, start=at, end=at + len(old)))
    return sorted(found, key=lambda cut: cut.start)


def _without_indent(text: str, start: int, new: str) -> str:
    """Lines put into a block, as a reader of the block sees them."""
    indent = start - text.rfind("\n", 0, start) - 1
    return re.sub(rf"(?:\r\n|\r|\n) {{0,{indent}}}", "\n", new)


def _in_literal(text: str, value: str, lines: list[int], cut: Cut) -> Cut:
    at = 0
    for start, line in zip(lines, value.split("\n"), strict=True):
        if start <= cut.start and cut.end <= start + len(line):
            return replace(cut.moved(at - start), new=_without_indent(text, start, cut.new))
        at += len(line) + 1
    raise ProofError("the edit does not lie in one line of the block")
