"""Turns the findings of a file into its scan: fields in order, with their markers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from operator import attrgetter
from typing import TypeAlias

from imagebot.manifest.images.field import ImageField, Scan
from imagebot.manifest.images.findings import FieldCandidate, FileFindings
from imagebot.manifest.markers import flux, own
from imagebot.manifest.markers.intervals import Intervals
from imagebot.manifest.text.read import find_as_text, has_text_markers
from imagebot.manifest.yaml.file_text import FileText

_SlotKey: TypeAlias = tuple[int, int, str]
_LINE = attrgetter("line")
_LINE_AND_COLUMN = attrgetter("line", "column")


def finish(findings: FileFindings, file: FileText, data: bytes) -> Scan:
    """The scan of a file: its fields with their markers in the order of their bytes, and its unread
    entries in the order of lines."""
    candidates = findings.candidates
    as_text: list[ImageField] = []
    if findings.patterns or (findings.broken and has_text_markers(data)):
        matched, as_text = _read_as_text(findings, file)
        candidates = candidates + [FieldCandidate(field, (field.line,)) for field in matched]
    if findings.has_markers and "$imagepolicy" in file.text:
        candidates = flux.mark(findings, file, candidates)
    if findings.has_markers and own.may_mark(file.text):
        candidates = own.mark(findings, file, candidates)
    fields = [candidate.field for candidate in candidates if candidate.link is None] + as_text
    pending = tuple(
        candidate.pending(candidate.field) for candidate in candidates if candidate.link is not None
    )
    fields = _count_shared(sorted(_like_siblings(fields, data), key=_LINE_AND_COLUMN))
    unread = sorted(findings.unread, key=_LINE)
    return Scan(
        tuple(fields),
        tuple(unread),
        tuple(findings.objects),
        pending,
        overlays=tuple(findings.overlays),
        chart=findings.charts[0] if findings.charts else None,
        releases=tuple(findings.releases),
        holders=tuple(findings.holders),
        env_files=tuple(dict.fromkeys(findings.env_files)),
        operations=tuple(findings.operations),
        application_sets=tuple(findings.application_sets),
    )


def _read_as_text(
    findings: FileFindings, file: FileText
) -> tuple[list[ImageField], list[ImageField]]:
    """What the patterns match where no format has found anything, and the fields (with markers) of
    documents that are not YAML, such as templates."""
    spans = [(each.base, each.base + len(each.text)) for each in findings.broken]
    regions = Intervals([(file.byte(start) - 1, file.byte(end)) for start, end in spans])
    lines = Intervals([(file.line(start) - 1, file.line(end) + 1) for start, end in spans])
    fields, unread = find_as_text(findings.path, file, findings.patterns, lines.hold)
    findings.unread += [
        each for each in unread if each.code != "marker" or not each.line or lines.hold(each.line)
    ]
    taken = {key[0] for candidate in findings.candidates for key in _slot_keys(candidate.field)}
    matched: list[ImageField] = []
    broken: list[ImageField] = []
    for field in fields:
        if regions.hold(_start(field)):
            broken.append(field)
        elif taken.isdisjoint(key[0] for key in _slot_keys(field)):
            matched.append(field)
    return matched, broken


def _start(field: ImageField) -> int:
    return min(slot.start for slot in (field.tag, field.digest) if slot is not None)


def _like_siblings(fields: list[ImageField], data: bytes) -> list[ImageField]:
    """Quotes that have to be added are the ones that other tags of the file use."""
    if not any(field.tag is not None and not field.tag.quoted for field in fields):
        return fields
    before = {data[f.tag.start - 1 : f.tag.start] for f in fields if f.tag is not None}
    if b"'" not in before or b'"' in before:
        return fields
    return [
        replace(field, tag=replace(field.tag, quote="'"))
        if field.tag is not None and not field.tag.quoted and field.tag.style != "json"
        else field
        for field in fields
    ]


def _count_shared(fields: list[ImageField]) -> list[ImageField]:
    """Count the fields that read the same text through an alias."""
    if len(fields) < 2:
        return fields
    keys = [key for field in fields for key in _slot_keys(field)]
    if len(set(keys)) == len(keys):
        return fields
    counts = Counter(keys)
    return [_with_shared(field, counts) for field in fields]


def _with_shared(field: ImageField, counts: Counter[_SlotKey]) -> ImageField:
    shared = max((counts[key] for key in _slot_keys(field)), default=1)
    return replace(field, shared=shared) if shared > 1 else field


def _slot_keys(field: ImageField) -> list[_SlotKey]:
    """Identifies the slots of a field, whatever is written around their values."""
    slots = [slot for slot in (field.tag, field.digest) if slot is not None]
    return [(slot.start, slot.end, slot.prefix) for slot in slots]
