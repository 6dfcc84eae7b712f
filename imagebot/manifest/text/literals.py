"""Puts the literal images of a template beside what its markers and patterns find in it."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.manifest.images.not_reference import filled_in
from imagebot.manifest.text.releases import restored

# About markers, the scan as text has the say.
_OF_TEXT = frozenset({"marker"})


def with_literals(found: Scan, literal: Scan, data: bytes) -> Scan:
    """The scan of a template `data` as text with the fields of its YAML, whose actions are hidden.

    What a template installs, and which values it merges, is only known of a simple helmfile.
    """
    if releases := restored(literal.releases, data):
        found = replace(found, releases=(*found.releases, *releases))
    if not literal.fields and not literal.unread:
        return found
    taken = {start for field in found.fields for start in _starts(field)}
    fields = [each for each in literal.fields if taken.isdisjoint(_starts(each))]
    lines = data.decode("utf-8", "replace").split("\n")
    known = {(each.line, each.code) for each in found.unread}
    unread = [
        _shown(each, lines)
        for each in literal.unread
        if each.code not in _OF_TEXT and (each.line, each.code) not in known
    ]
    return replace(
        found,
        fields=tuple(sorted((*found.fields, *fields), key=attrgetter("line", "column"))),
        unread=tuple(sorted((*found.unread, *unread), key=attrgetter("line"))),
    )


def _starts(field: ImageField) -> set[int]:
    return {slot.start for slot in (field.tag, field.digest) if slot is not None and slot.text}


def _shown(entry: Unread, lines: list[str]) -> Unread:
    """An entry with what the template has at its place."""
    if entry.code == "not-yaml":
        return replace(entry, code="template", reason="a template, not YAML", expected=True)
    if entry.code == "variable" and 0 < entry.line <= len(lines):
        return replace(entry, reason=filled_in(lines[entry.line - 1].strip()))
    return entry
