"""Marker comments: which policy a comment gives to the field on its line or on the next one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from imagebot.manifest import flux_marker
from imagebot.manifest.field import ImageField, Marker, Scan, Unread
from imagebot.manifest.found import Draft, Sheet
from imagebot.manifest.marker_text import OWN, own_markers
from imagebot.manifest.scalars import scalars_of
from imagebot.manifest.source import FileText, Source
from imagebot.manifest.text import find_marked

_DANGLING = "this marker governs no image: it goes on the line of a reference, or above it"
_UNSURE = "a marker here governs no image or cannot be read, so what it means is not sure"


def finish(sheet: Sheet, file: FileText, data: bytes) -> Scan:
    """The scan of a file: its fields in the order of their bytes, with their markers."""
    drafts = sheet.drafts
    if "$imagepolicy" in file.text:
        drafts = flux_marker.mark(sheet, file, drafts)
        unclear = {each.line for each in sheet.unread if each.code == "marker"}
        drafts = [_refused(each) if unclear.intersection(each.lines) else each for each in drafts]
    if "imagebot:" in file.text:
        drafts = _mark(sheet, file, drafts)
    fields = [draft.field for draft in drafts if draft.elsewhere is None]
    pending = tuple(draft.pending(draft.field) for draft in drafts if draft.elsewhere is not None)
    if sheet.broken and b"imagebot:" in data:
        fields += _in_broken_documents(sheet, file, data)
    fields = _count_shared(sorted(_like_siblings(fields, data), key=_place))
    return Scan(tuple(fields), tuple(sheet.unread), tuple(sheet.objects), pending)


def _mark(sheet: Sheet, file: FileText, drafts: list[Draft]) -> list[Draft]:
    markers = own_markers(file, OWN)
    hidden = _scalar_regions(sheet)
    markers = {
        line: (marker, at)
        for line, (marker, at) in markers.items()
        if not any(start < at < end for start, end in hidden)
    }
    found = {line: line for draft in drafts for line in draft.lines if line in markers}
    for line in markers.keys() - found.keys():
        # Above a list item or a mapping, a marker governs what is in that.
        inside = _block(file, line)
        found |= {each: line for draft in drafts for each in draft.lines if each in inside}
    marked = [_with_marker(draft, found, markers) for draft in drafts]
    dangling = False
    for line, (marker, at) in markers.items():
        if line not in found.values() and not any(_inside(at, source) for source in sheet.broken):
            sheet.unread.append(Unread(sheet.path, marker.line, "marker", _DANGLING))
            dangling = True
    return [_refused(draft) for draft in marked] if dangling else marked


def _with_marker(
    draft: Draft, found: dict[int, int], markers: dict[int, tuple[Marker, int]]
) -> Draft:
    line = next((found[line] for line in draft.lines if line in found), None)
    if line is None:
        return draft
    return replace(draft, field=replace(draft.field, marker=markers[line][0]))


def _refused(draft: Draft) -> Draft:
    """Which image somebody meant cannot be told, so none of the file is changed."""
    return replace(draft, field=replace(draft.field, refusal=draft.field.refusal or _UNSURE))


def _block(file: FileText, line: int) -> range:
    """The lines of the block that begins on `line`: those that are indented more follow it."""
    lines = file.text.splitlines()
    if not 0 < line <= len(lines):
        return range(0)
    indent = _indent(lines[line - 1])
    end = line
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    return range(line, end + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _scalar_regions(sheet: Sheet) -> list[tuple[int, int]]:
    """Scalars that hold a text which looks like a marker, but for YAML that was read inside."""
    embedded = {found.source.origins[0] for found, _ in sheet.marked if found.source.embedded}
    regions = []
    for found, root in sheet.marked:
        for scalar in scalars_of(root):
            if "imagebot:" in scalar.value:
                start = found.source.index(scalar.start_mark.index)
                end = found.source.index(scalar.end_mark.index)
                if not any(start <= origin <= end for origin in embedded):
                    regions.append((start, end))
    return regions


def _inside(at: int, source: Source) -> bool:
    return source.base <= at < source.base + len(source.text)


def _in_broken_documents(sheet: Sheet, file: FileText, data: bytes) -> list[ImageField]:
    """Marked references in documents that are no YAML, such as templates: read as text."""
    regions = [
        (file.byte(source.base), file.byte(source.base + len(source.text)))
        for source in sheet.broken
    ]
    fields, unread = find_marked(sheet.path, data)
    inside = [
        field
        for field in fields
        if field.tag is not None and any(a <= field.tag.start < b for a, b in regions)
    ]
    lines = [(file.line(s.base), file.line(s.base + len(s.text))) for s in sheet.broken]
    sheet.unread += [each for each in unread if any(a <= each.line <= b for a, b in lines)]
    return inside


def _like_siblings(fields: list[ImageField], data: bytes) -> list[ImageField]:
    """Where quotes may have to be added, they are those of the other tags of the file."""
    if not any(field.tag is not None and not field.tag.quoted for field in fields):
        return fields
    before = {data[f.tag.start - 1 : f.tag.start] for f in fields if f.tag is not None}
    if b"'" not in before or b'"' in before:
        return fields
    return [
        replace(field, tag=replace(field.tag, quote="'"))
        if field.tag is not None and not field.tag.quoted
        else field
        for field in fields
    ]


def _place(field: ImageField) -> int:
    slots = [slot.start for slot in (field.tag, field.digest) if slot is not None]
    return min(slots, default=0)


def _count_shared(fields: list[ImageField]) -> list[ImageField]:
    """Note how many fields read the same text, which an alias makes possible."""
    if len(fields) < 2:
        return fields
    slots = [slot for field in fields for slot in (field.tag, field.digest) if slot is not None]
    places = [(slot.start, slot.end, slot.prefix) for slot in slots]
    if len(set(places)) == len(places):
        return fields
    counts = Counter(places)
    return [_with_shared(field, counts) for field in fields]


def _with_shared(field: ImageField, counts: Counter[tuple[int, int, str]]) -> ImageField:
    slots = [slot for slot in (field.tag, field.digest) if slot is not None]
    shared = max((counts[slot.start, slot.end, slot.prefix] for slot in slots), default=1)
    return replace(field, shared=shared) if shared > 1 else field
