"""The outline of a document in plain block style, read line by line.

Making an object of every event takes 80 % of the time of reading a manifest. Most manifests are
plain (see plain_lines.py). The lines of such a document that can matter for images become the same
tree that `tree.build` makes; one regular expression skips the others. libyaml has accepted the
whole document before (which is cheap), and the expression must match every line: a document that
is not plain (flow style over several lines or around images, multi-line text, tags, odd keys, …)
gives None and is parsed instead. The outline finds fields; it never proves an edit.
"""

from __future__ import annotations

import re
from typing import Any

from imagebot.manifest.yaml.events import MAX_DEPTH, Scalar, few_brackets
from imagebot.manifest.yaml.plain_lines import (
    ANCHORS,
    AT_ONCE,
    COMMENT,
    EXACT_KEYS,
    OWNER_KEYS,
    TELLING,
    TELLING_LINE,
    below,
    end_of_block,
    is_telling,
    lines,
    telling_lines,
)
from imagebot.manifest.yaml.signs import which_of
from imagebot.manifest.yaml.simple_lines import are_simple
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence

# Documents with one of these need keys that an outline omits, as do those with markers.
_BEYOND = (
    *("parameters:", "image.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "repoURL:"),
    *("bundle:", "bundles", "\t", "\r"),
    *("helm:", "valuesFrom:", "helmCharts:", "Generator:", "releases:"),
    *("pkg.crossplane.io", "DockerImage", "repositories:"),
    *("valuesFiles:", "chartRef:", "values.yaml:", "chartName:", "helmChart:"),
    "\ntemplates:",
)
SIGNS = (*_BEYOND, *TELLING)
"""What an outline looks for in a text."""
# Line breaks to libyaml, which follows YAML 1.1.
_OTHER_BREAKS = ("\x85", "\u2028", "\u2029")
# Kinds of objects with values for Helm in texts; "" is not yet known.
_HOLDERS = ("", "ConfigMap", "Secret")
_MAX_LINES = 20_000
_NO_KEYS: frozenset[str] = frozenset()


class _Mark:
    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


class Line:
    """A scalar of an outline, with the same attributes as a parser's event."""

    __slots__ = ("end", "start", "style", "value")
    tag: str | None = None

    def __init__(self, value: str, style: str | None, start: int, end: int) -> None:
        self.value = value
        self.style = style
        self.start = start
        self.end = end

    @property
    def start_mark(self) -> _Mark:
        return _Mark(self.start)

    @property
    def end_mark(self) -> _Mark:
        return _Mark(self.end)


class _NotPlainError(Exception):
    """The document has to be parsed."""


def outline(text: str, found: set[str] | None = None) -> Mapping | None:
    """The tree of a plain document that libyaml accepts, with only the scalars that can matter.

    `found` are those of `SIGNS` that are in the text, if that is known. None if the document is not
    plain or must be parsed for another reason.
    """
    found = which_of(text, SIGNS) if found is None else found
    if not found.isdisjoint(_BEYOND):
        return None
    if not text.isascii() and any(sign in text for sign in _OTHER_BREAKS):
        return None
    if "argoproj.io/" in text and "Application" in text:
        return None
    if not few_brackets(text) or _hides_values(text):
        return None
    try:
        return _Outline(text).read(found.intersection(TELLING))
    except _NotPlainError:
        return None


def _hides_values(text: str) -> bool:
    """Whether an alias may stand for more than one line of text.

    An outline omits the mappings and lists behind it, and the earlier uses of its name.
    """
    if "&" not in text or "*" not in text:
        return False
    names: set[str] = set()
    for match in ANCHORS.finditer(text):
        if match["collection"] is not None or match["name"] in names:
            return True
        names.add(match["name"])
    return False


def _new_mapping() -> Mapping:
    made = Mapping()
    made.flow = False
    made.start = made.end = 0
    made.repeated = _NO_KEYS
    return made


class _Outline:
    """One reading. `stack` holds the open containers with the column that their entries are at;
    `key` is the last key of the innermost mapping while it has no value yet."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Mapping | None = None
        self.stack: list[tuple[int, Any]] = []
        self.key: str | None = None
        self.anchors: dict[str, Line] = {}
        self.entered = 0

    def read(self, signs: set[str]) -> Mapping | None:
        """`signs` are those of telling lines that are in the text."""
        text = self.text
        telling = telling_lines(text, signs)
        position = 0
        if text.startswith("---"):
            position = text.find("\n") + 1 or len(text)
            if text[3:position].strip():
                return None
        simple = are_simple(text[position:])
        between = lines(last=False, simple=simple)
        for line in telling:
            position = self._read_region(position, line, between)
            if line < position:
                # Within a block scalar, or on the line of the marker.
                raise _NotPlainError
            position = self._read_telling(line)
        self._read_region(position, len(text), lines(last=True, simple=simple))
        return self.root

    def _read_region(self, position: int, end: int, expression: re.Pattern[str]) -> int:
        """Skip irrelevant lines up to `end`; returns where it stopped."""
        match_line = expression.match
        text = self.text
        while position < end:
            match = match_line(text, position, end)
            if match is None or match.end() == position:
                raise _NotPlainError
            if match["lead"] is None:
                position = match.end()
            elif match.end() - position > AT_ONCE and self._may_go_on(position, match):
                position = match.start("lead")
            else:
                position = self._enter(match, match.end())
        return position

    def _may_go_on(self, position: int, match: re.Match[str]) -> bool:
        """Whether a match ended because of its number of lines: its last one may be irrelevant."""
        return self.text.count("\n", position, match.start("lead")) >= AT_ONCE

    def _read_telling(self, line: int) -> int:
        """A line that may name an image: its value must be plain text or simply quoted."""
        text = self.text
        end = text.find("\n", line) + 1 or len(text)
        comment = COMMENT.match(text, line, end)
        if comment is not None:
            return end
        match = TELLING_LINE.match(text, line, end)
        if match is None or match.end() != end:
            raise _NotPlainError
        return self._enter(match, end)

    def _enter(self, match: re.Match[str], position: int) -> int:
        """Put a line into the tree; returns where reading goes on."""
        self.entered += 1
        if self.entered > _MAX_LINES or len(self.stack) > MAX_DEPTH:
            raise _NotPlainError
        lead, key, block, text, anchor = match.group("lead", "key", "block", "value", "anchor")
        column = len(lead)
        starts_item = "-" in lead
        if starts_item:
            self._enter_items(lead)
        if key is None:
            if not starts_item:
                raise _NotPlainError
            return self._enter_item(match, position)
        mapping = self._mapping_at(column, starts_item)
        if key in mapping:
            raise _NotPlainError
        start = match.start("key")
        name: Scalar = Line(key, "", start, start + len(key))
        value: Node
        after: str | None = None
        if block is not None:
            if key in EXACT_KEYS:
                raise _NotPlainError
            value, position = self._skip_block(column, position)
        elif text is not None:
            value = self._scalar(match, "value", anchor)
            if value is None and key in OWNER_KEYS:
                raise _NotPlainError
        else:
            if key.endswith(("tag", "Tag", "igest")):
                raise _NotPlainError
            value = Line("", "", start + len(key) + 1, start + len(key) + 1)
            if key in OWNER_KEYS or key in EXACT_KEYS or is_telling(key):
                value = self._nothing_or_more(key, column, position, value)
            after = key
        mapping[key] = (name, value)
        self.key = after
        return position

    def _nothing_or_more(self, key: str, column: int, position: int, nothing: Node) -> Node:
        """The value of a key alone on its line, until more of it is found; None is not a scalar.

        An owner is there even if nothing in it matters.
        """
        more = below(self.text, position)
        is_list = more is not None and more["dash"] is not None
        if key == "images" and not is_list:
            # In a mapping the keys of images may have any name.
            raise _NotPlainError
        if more is None or len(more["indent"]) < column + (0 if is_list else 1):
            return nothing
        return _new_mapping() if key in OWNER_KEYS and not is_list else None

    def _enter_items(self, lead: str) -> None:
        """Open or go on with a sequence for every dash of a line."""
        at = lead.index("-")
        first = True
        if lead.count("-") > MAX_DEPTH:
            raise _NotPlainError
        while at >= 0:
            if first:
                self._close(at, keep_sequence=True)
            top = self.stack[-1] if self.stack else None
            if first and top is not None and isinstance(top[1], Sequence) and top[0] == at:
                pass
            elif top is None:
                raise _NotPlainError
            else:
                made = Sequence()
                made.flow = False
                made.start = made.end = 0
                self._attach(made, at)
                self.stack.append((at, made))
            self.key = None
            first = False
            at = lead.find("-", at + 1)

    def _enter_item(self, match: re.Match[str], position: int) -> int:
        _, sequence = self.stack[-1]
        if match["text"] is not None:
            value, position = self._skip_block(match["lead"].rindex("-"), position)
        else:
            value = self._scalar(match, "item", None)
        if value is None and self._is_listed_as_image():
            raise _NotPlainError
        sequence.append(value)
        self.key = None
        return position

    def _is_listed_as_image(self) -> bool:
        """Whether the innermost sequence is the value of a key such as `images`."""
        owner = self.stack[-2][1] if len(self.stack) > 1 else None
        key = next(reversed(owner)) if isinstance(owner, Mapping) else ""
        return is_telling(key)

    def _mapping_at(self, column: int, new: bool) -> Mapping:
        """The mapping whose keys are at `column`; a new one if the line starts it."""
        if not new:
            self._close(column, keep_sequence=False)
            if self.stack:
                at, top = self.stack[-1]
                if at == column and isinstance(top, Mapping):
                    return top
                if at >= column:
                    raise _NotPlainError
            elif self.root is not None:
                raise _NotPlainError
        made = _new_mapping()
        if self.stack:
            self._attach(made, column)
        elif column:
            raise _NotPlainError
        else:
            self.root = made
        self.stack.append((column, made))
        return made

    def _close(self, column: int, *, keep_sequence: bool) -> None:
        """Close the containers that a line starting at `column` is no longer in."""
        stack = self.stack
        while stack:
            at, top = stack[-1]
            if at < column or (at == column and (keep_sequence or isinstance(top, Mapping))):
                return
            stack.pop()
            self.key = None

    def _attach(self, made: Mapping | Sequence, column: int) -> None:
        """Make a new container the value of the open key, or the next item."""
        at, top = self.stack[-1]
        if isinstance(top, Sequence):
            if column <= at:
                raise _NotPlainError
            top.append(made)
            return
        if self.key is None or column < at or (column == at and isinstance(made, Mapping)):
            raise _NotPlainError
        name, _ = top[self.key]
        top[self.key] = (name, made)
        self.key = None

    def _scalar(self, match: re.Match[str], group: str, anchor: str | None) -> Any:
        """The scalar of a line; None for an irrelevant flow collection."""
        raw = match[group].rstrip(" ")
        start = match.start(group)
        if raw[0] == "&":
            anchor, _, rest = raw[1:].partition(" ")
            start += len(raw) - len(rest.lstrip(" "))
            raw = rest.lstrip(" ")
        first = raw[0]
        if first in "[{":
            return None
        if first == "*":
            if raw[1:] not in self.anchors:
                raise _NotPlainError
            return self.anchors[raw[1:]]
        style = ""
        value = raw
        if first in "\"'":
            value, style = raw[1:-1], first
            if "\\" in value or "''" in value:
                if group == "value":
                    raise _NotPlainError
                return None
        line = Line(value, style, start, start + len(raw))
        if anchor is not None:
            self.anchors[anchor] = line
        return line

    def _skip_block(self, column: int, position: int) -> tuple[Any, int]:
        """Skip the text of a block scalar of an entry at `column`."""
        found = end_of_block(column).search(self.text, max(position - 1, 0))
        end = found.start() + 1 if found is not None else len(self.text)
        if self.text.find("ersion", position, end) >= 0 and self._may_hold_values():
            raise _NotPlainError
        return None, end

    def _may_hold_values(self) -> bool:
        """Whether the texts of this object may be layers of Helm values: see helm_release.py."""
        kind = self.root.text("kind") if self.root is not None else ""
        return kind in _HOLDERS or kind.endswith("List")
