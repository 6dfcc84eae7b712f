"""Marker comments: which policy a comment gives to the field on its line or on the next one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from imagebot.manifest.field import ImageField, Marker, Scan
from imagebot.manifest.found import Sheet
from imagebot.manifest.source import FileText

_BODY = r"[ \t]*imagebot:[ \t]*(\{[^\r\n]*?\}|[^\s#{]+)[ \t]*"
_OWN = re.compile(rf"#{_BODY}(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
# Where a comment starts and ends in other languages than YAML.
TEXT_MARKER = re.compile(rf"(?:#|//|/\*|--){_BODY}(?:(?:#|\*/|-->|//)[^\r\n]*)?(?=[\r\n]|\Z)")
_OPENERS = " \t{/*<!-#"


def finish(sheet: Sheet, file: FileText) -> Scan:
    """The scan of a file: its fields in the order of their bytes, with their markers."""
    fields = sheet.fields
    if "imagebot:" in file.text:
        fields = _mark(sheet, own_markers(file))
    fields = _count_shared(sorted(fields, key=_place))
    return Scan(tuple(fields), tuple(sheet.unread), tuple(sheet.objects), tuple(sheet.pending))


def _place(field: ImageField) -> int:
    slots = [slot.start for slot in (field.tag, field.digest) if slot is not None]
    return min(slots, default=0)


def _count_shared(fields: list[ImageField]) -> list[ImageField]:
    places = [_place(field) for field in fields]
    if len(set(places)) == len(places):
        return fields
    counts = Counter(places)
    return [
        replace(field, shared=counts[place]) if counts[place] > 1 else field
        for field, place in zip(fields, places, strict=True)
    ]


def own_markers(file: FileText, pattern: re.Pattern[str] = _OWN) -> dict[int, Marker]:
    """By the line that they govern: their own, or the next one when nothing stands before."""
    found: dict[int, Marker] = {}
    for match in pattern.finditer(file.text):
        line = file.line(match.start())
        text = match.group(1)
        start = match.start() - file.column(match.start()) + 1
        alone = not file.text[start : match.start()].strip(_OPENERS)
        if text == "ignore":
            marker = Marker("ignore", text, line)
        else:
            marker = Marker("keys" if text.startswith("{") else "policy", text, line)
        found[line + alone] = marker
    return found


def _mark(sheet: Sheet, markers: dict[int, Marker]) -> list[ImageField]:
    marked = []
    for field, lines in zip(sheet.fields, sheet.lines, strict=True):
        marker = next((markers[line] for line in lines if line in markers), None)
        marked.append(replace(field, marker=marker) if marker else field)
    return marked
