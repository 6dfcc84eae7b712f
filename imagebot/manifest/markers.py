"""Marker comments: which policy a comment gives to the field on its line or on the next one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Literal, TypeAlias

from imagebot.manifest import flux_marker
from imagebot.manifest.aliases import unlisted_aliases, with_alias_lines
from imagebot.manifest.field import ImageField, Marker, Scan, Unread
from imagebot.manifest.found import Draft, Sheet
from imagebot.manifest.marker_text import (
    MANY_SIGNS,
    NEAR_MISS,
    UNSURE,
    Written,
    agree,
    names_imagebot,
    written_markers,
)
from imagebot.manifest.scalars import scalars_of
from imagebot.manifest.scopes import begins_item, blocks, ends_in_key
from imagebot.manifest.source import FileText
from imagebot.manifest.text import find_marked

_QUOTES = ("'", '"')
_Kind: TypeAlias = Literal["line", "below", "item", "key"]
_BLOCKS: tuple[_Kind, ...] = ("below", "item", "key")
_DANGLING = "this marker governs no image: it goes on the line of a reference, or above it"


def finish(sheet: Sheet, file: FileText, data: bytes) -> Scan:
    """The scan of a file: its fields in the order of their bytes, with their markers."""
    drafts = sheet.drafts
    if sheet.has_markers and "$imagepolicy" in file.text:
        drafts = flux_marker.mark(sheet, file, drafts)
        unclear = {each.line for each in sheet.unread if each.code == "marker"}
        drafts = [_refused(each) if unclear.intersection(each.lines) else each for each in drafts]
    if sheet.has_markers:
        drafts = _mark(sheet, file, drafts)
    fields = [draft.field for draft in drafts if draft.elsewhere is None]
    pending = tuple(draft.pending(draft.field) for draft in drafts if draft.elsewhere is not None)
    if sheet.broken and b"imagebot:" in data:
        fields += _in_broken_documents(sheet, file, data)
    fields = _count_shared(sorted(_like_siblings(fields, data), key=_place))
    return Scan(tuple(fields), tuple(sheet.unread), tuple(sheet.objects), pending)


def _mark(sheet: Sheet, file: FileText, drafts: list[Draft]) -> list[Draft]:
    values, broken = _values(sheet), _Intervals(_broken(sheet))
    written = [each for each in written_markers(file, values.hold) if not broken.hold(each.at)]
    if not drafts:
        # Nothing is here that such words could be about: they are a remark.
        written = [each for each in written if each.marker.text and not each.prose]
    if not written:
        return drafts
    drafts = with_alias_lines(sheet, drafts)
    ranges = _ranges(file, written, drafts)
    by_draft, governing = _governed(drafts, ranges)
    marked = [
        _with_markers(sheet, draft, [written[number] for number in by_draft.get(position, ())])
        for position, draft in enumerate(drafts)
    ]
    marked = _agreeing(sheet, marked)
    marked = _at_unlisted_aliases(sheet, marked, ranges)
    dangling = _report_useless(sheet, file, written, governing)
    return [_refused(draft) for draft in marked] if dangling else marked


def _report_useless(
    sheet: Sheet, file: FileText, written: list[Written], governing: set[int]
) -> bool:
    """Report what is no marker, and markers that govern nothing: True when there are any."""
    useless = [each for number, each in enumerate(written) if each.near or number not in governing]
    lines = file.lines() if useless else []
    while lines and _is_empty(lines[-1]):
        lines.pop()
    for each in useless:
        if each.near:
            reason = MANY_SIGNS if each.marker.text.count("#") > 1 else NEAR_MISS
        else:
            reason = _why_nothing(each, lines)
        sheet.unread.append(Unread(sheet.path, each.marker.line, "marker", reason))
    return any(not each.near and not each.prose for each in useless)


def _why_nothing(written: Written, lines: list[str]) -> str:
    """Why a marker governs nothing; `lines` are those of the file up to the last with content."""
    at = written.marker.line
    if at >= len(lines) or not (_is_empty(lines[at - 1]) and _is_empty(lines[at])):
        return _DANGLING
    what = "a comment" if lines[at].strip() else "a blank line"
    return (
        f"{what} stands between this marker and what is below, so that it governs no image: put it "
        "right above what it is about"
    )


def _is_empty(line: str) -> bool:
    content = line.strip()
    return not content or content.startswith("#")


def _ranges(file: FileText, written: list[Written], drafts: list[Draft]) -> list[range]:
    """The lines that each marker governs: its own, the block that begins below it where it stands
    alone, or the one that begins on its line where that names no image."""
    images = {line for draft in drafts for line in draft.lines}
    kinds = [_kind(file, each, images) for each in written]
    found: dict[_Kind, dict[int, range]] = {
        kind: blocks(
            file,
            {_line(each, k) for each, k in zip(written, kinds, strict=True) if k == kind},
            of_keys=kind == "key",
        )
        for kind in _BLOCKS
    }
    return [
        range(each.marker.line, each.marker.line + 1)
        if kind == "line"
        else found[kind].get(_line(each, kind), range(0))
        for each, kind in zip(written, kinds, strict=True)
    ]


def _line(written: Written, kind: _Kind) -> int:
    return written.marker.line + (kind == "below")


def _kind(file: FileText, written: Written, images: set[int]) -> _Kind:
    """Whether a marker is about its line, or what is below it, or the item or key it stands at."""
    start = written.at - file.column(written.at) + 1
    before = file.text[start : written.at]
    if written.marker.line in images:
        return "line"
    if ends_in_key(before):
        return "key"
    if begins_item(before):
        return "item"
    return "below" if written.alone else "line"


def _governed(drafts: list[Draft], ranges: list[range]) -> tuple[dict[int, list[int]], set[int]]:
    """Which markers govern each draft, both by number; and those that govern any."""
    by_line: defaultdict[int, list[int]] = defaultdict(list)
    for position, draft in enumerate(drafts):
        for line in draft.lines:
            by_line[line].append(position)
    lines = sorted(by_line)
    by_draft: defaultdict[int, list[int]] = defaultdict(list)
    governing: set[int] = set()
    for number, scope in enumerate(ranges):
        first, last = bisect_left(lines, scope.start), bisect_left(lines, scope.stop)
        for position in dict.fromkeys(p for line in lines[first:last] for p in by_line[line]):
            by_draft[position].append(number)
            governing.add(number)
    return by_draft, governing


def _with_markers(sheet: Sheet, draft: Draft, written: list[Written]) -> Draft:
    """The draft with what governs it; refused where that is not one marker."""
    if any(each.near for each in written):
        draft = _refused(draft)
    markers = [each.marker for each in written if not each.near]
    if not markers:
        return draft
    first = markers[0]
    other = next((each for each in markers if not agree(first, each)), None)
    if other is None:
        return replace(draft, field=replace(draft.field, marker=first))
    reason = (
        f"this marker says other than the one in {sheet.path}:{first.line}, and both govern the "
        f"image on line {draft.field.line}: keep one of them"
    )
    _report(sheet, other, reason)
    return _refused(draft, f"the markers on lines {first.line} and {other.line} disagree")


def _agreeing(sheet: Sheet, drafts: list[Draft]) -> list[Draft]:
    """Fields that share a text through an anchor are refused where their markers disagree."""
    groups: defaultdict[tuple[int, int, str], list[int]] = defaultdict(list)
    for position, draft in enumerate(drafts):
        for slot in (draft.field.tag, draft.field.digest):
            if slot is not None:
                groups[slot.start, slot.end, slot.prefix].append(position)
    agreeing = list(drafts)
    for group in groups.values():
        one = drafts[group[0]].field
        other = next((p for p in group if not agree(one.marker, drafts[p].field.marker)), None)
        if other is None:
            continue
        marker = drafts[other].field.marker or one.marker
        assert marker is not None
        reason = (
            f"{len(group)} fields share the text on line {one.line} through an anchor and have "
            "not the same marker: give all of them the same, or write the text out"
        )
        _report(sheet, marker, reason)
        for position in group:
            agreeing[position] = _refused(agreeing[position], reason.partition(":")[0])
    return agreeing


def _at_unlisted_aliases(sheet: Sheet, drafts: list[Draft], ranges: list[range]) -> list[Draft]:
    """What an alias repeats is only read where it is written, so a marker at the alias is lost."""
    scopes = _Intervals([(scope.start - 1, scope.stop) for scope in ranges if scope])
    named = [
        (line, extent)
        for line, extent in unlisted_aliases(sheet, drafts)
        if scopes.hold(line) and line not in extent
    ]
    if not named:
        return drafts
    extents = _Intervals([(extent.start - 1, extent.stop) for _, extent in named])
    places = {extents.find(extent.start): line for line, extent in reversed(named)}
    return [
        _repeated(sheet, draft, places[number])
        if (number := extents.find(draft.field.line)) >= 0
        else draft
        for draft in drafts
    ]


def _repeated(sheet: Sheet, draft: Draft, line: int) -> Draft:
    reason = (
        f"the alias on line {line} has a marker and repeats the image on line "
        f"{draft.field.line}, which is read there: put the marker there"
    )
    sheet.unread.append(Unread(sheet.path, line, "marker", reason))
    return _refused(draft, reason)


def _report(sheet: Sheet, marker: Marker, reason: str) -> None:
    entry = Unread(sheet.path, marker.line, "marker", reason)
    if not sheet.unread or sheet.unread[-1] != entry:
        sheet.unread.append(entry)


def _refused(draft: Draft, reason: str = UNSURE) -> Draft:
    """Which image somebody meant cannot be told, so it is not changed."""
    return replace(draft, field=replace(draft.field, refusal=draft.field.refusal or reason))


class _Intervals:
    """Positions between starts and ends, both left out."""

    def __init__(self, intervals: list[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(intervals):
            if self.ends and start < self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)

    def find(self, at: int) -> int:
        """The number of the interval that holds a position, -1 when none does."""
        number = bisect_left(self.starts, at) - 1
        return number if number >= 0 and at < self.ends[number] else -1

    def hold(self, at: int) -> bool:
        return self.find(at) >= 0


def _values(sheet: Sheet) -> _Intervals:
    """Scalars that hold a text which looks like a marker, but for YAML that was read inside."""
    inside = sorted(found.source.origins[0] for found, _ in sheet.marked if found.source.embedded)
    regions = []
    for found, root in sheet.marked:
        for scalar in scalars_of(root):
            # One in quotes may have a line in it that reads like a comment.
            if names_imagebot(scalar.value) or ("#" in scalar.value and scalar.style in _QUOTES):
                start = found.source.index(scalar.start_mark.index)
                end = found.source.index(scalar.end_mark.index)
                if bisect_left(inside, start) == bisect_right(inside, end):
                    regions.append((start, end))
    return _Intervals(regions)


def _broken(sheet: Sheet) -> list[tuple[int, int]]:
    return [(each.base - 1, each.base + len(each.text)) for each in sheet.broken]


def _in_broken_documents(sheet: Sheet, file: FileText, data: bytes) -> list[ImageField]:
    """Marked references in documents that are no YAML, such as templates: read as text."""
    regions = _Intervals(
        [(file.byte(each.base) - 1, file.byte(each.base + len(each.text))) for each in sheet.broken]
    )
    lines = _Intervals(
        [(file.line(s.base) - 1, file.line(s.base + len(s.text)) + 1) for s in sheet.broken]
    )
    fields, unread = find_marked(sheet.path, data)
    sheet.unread += [each for each in unread if lines.hold(each.line)]
    return [field for field in fields if regions.hold(_place(field))]


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
