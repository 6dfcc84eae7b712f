"""Marker comments: which policy a comment gives to the field on its line or on the next one."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from typing import Literal, TypeAlias

from imagebot.manifest.images.field import Marker, Unread
from imagebot.manifest.images.findings import FieldCandidate, FileFindings
from imagebot.manifest.markers.aliases import unlisted_aliases, with_alias_lines
from imagebot.manifest.markers.intervals import Intervals, values_with_signs
from imagebot.manifest.markers.lone import add_named
from imagebot.manifest.markers.renovate import IN_YAML, renovate_names
from imagebot.manifest.markers.renovate import SIGN as RENOVATE_SIGN
from imagebot.manifest.markers.scopes import begins_item, blocks, ends_in_key
from imagebot.manifest.markers.written import (
    MANY_SIGNS,
    NEAR_MISS,
    UNSURE,
    Written,
    agree,
    disagree,
    disagreement,
    has_any_spelling,
    written_markers,
)
from imagebot.manifest.yaml.file_text import FileText

_Kind: TypeAlias = Literal["line", "below", "item", "key"]
_BLOCKS: tuple[_Kind, ...] = ("below", "item", "key")
_DANGLING = "this marker applies to no image: put it on the line of a reference, or above it"


def may_mark(text: str) -> bool:
    """Whether `mark` may do anything to the candidates of a text."""
    return RENOVATE_SIGN in text or has_any_spelling(text)


def mark(
    findings: FileFindings, file: FileText, candidates: list[FieldCandidate]
) -> list[FieldCandidate]:
    """The candidates with imagebot's own markers; mistakes in those go to `findings.unread`."""
    values, broken = values_with_signs(findings), Intervals(_broken(findings))
    written = [each for each in written_markers(file, values.hold) if not broken.hold(each.at)]
    names = [each.named for each in written if each.marker.image and not each.near]
    names += renovate_names(file, findings.path, IN_YAML, values.hold, findings.unread)
    names = [each for each in names if not broken.hold(each.at)]
    candidates, reasons = add_named(findings, file, names, candidates)
    if not candidates:
        # There is no image such words could be about: they are a remark.
        said = [each for each in written if each.marker.text or each.marker.image]
        written = [each for each in said if not each.prose]
    if not written:
        return candidates
    candidates = with_alias_lines(findings, candidates)
    ranges = _ranges(file, written, candidates)
    by_candidate, governing = _governed(candidates, ranges)
    marked = [
        _with_markers(
            findings, candidate, [written[number] for number in by_candidate.get(position, ())]
        )
        for position, candidate in enumerate(candidates)
    ]
    marked = _agreeing(findings, marked)
    marked = _at_unlisted_aliases(findings, marked, ranges)
    dangling = _report_useless(findings, file, written, governing, reasons)
    return [_refused(candidate) for candidate in marked] if dangling else marked


def _report_useless(
    findings: FileFindings,
    file: FileText,
    written: list[Written],
    governing: set[int],
    reasons: dict[int, str],
) -> bool:
    """Report near misses, and markers that apply to nothing; True if there are any of these.

    `reasons` has why a marker that names an image does not, by its start.
    """
    unread = {each.line for each in findings.unread if each.expected}
    useless = [
        each
        for number, each in enumerate(written)
        if each.near or reasons.get(each.at, not _is_used(each, number in governing, unread))
    ]
    lines = file.lines() if useless else []
    while lines and _is_empty(lines[-1]):
        lines.pop()
    for each in useless:
        if each.near:
            reason = MANY_SIGNS if each.marker.text.count("#") > 1 else NEAR_MISS
        else:
            reason = reasons.get(each.at) or _why_nothing(each, lines)
        findings.unread.append(Unread(findings.path, each.marker.line, "marker", reason))
    return any(not each.near and not each.prose for each in useless)


def _is_used(written: Written, governs: bool, unread: set[int]) -> bool:
    return governs or _ignores(written, unread)


def _ignores(written: Written, unread: set[int]) -> bool:
    """Whether an ignore marker is on something that is skipped anyway, such as a variable."""
    return written.marker.kind == "ignore" and written.governs in unread


def _why_nothing(written: Written, lines: list[str]) -> str:
    """Why a marker applies to nothing; `lines` are those up to the last one with content."""
    at = written.marker.line
    if at >= len(lines) or not (_is_empty(lines[at - 1]) and _is_empty(lines[at])):
        return _DANGLING
    what = "a comment" if lines[at].strip() else "a blank line"
    return (
        f"{what} separates this marker from the lines below, so it applies to no image: put it "
        "directly above the image"
    )


def _is_empty(line: str) -> bool:
    content = line.strip()
    return not content or content.startswith("#")


def _ranges(
    file: FileText, written: list[Written], candidates: list[FieldCandidate]
) -> list[range]:
    """The lines that each marker applies to: its own, the block that begins below it if it is alone
    on its line, or the block that begins on its line if there is no image on it."""
    images = {line for candidate in candidates for line in candidate.lines}
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
        range(each.governs, each.governs + 1)
        if each.marker.image
        else range(each.marker.line, each.marker.line + 1)
        if kind == "line"
        else found[kind].get(_line(each, kind), range(0))
        for each, kind in zip(written, kinds, strict=True)
    ]


def _line(written: Written, kind: _Kind) -> int:
    return written.marker.line + (kind == "below")


def _kind(file: FileText, written: Written, images: set[int]) -> _Kind:
    """Whether a marker applies to its line, the block below, or the item or key on its line."""
    if written.marker.image:
        return "line"
    start = file.start_of_line(written.at)
    before = file.text[start : written.at]
    if written.marker.line in images:
        return "line"
    if ends_in_key(before):
        return "key"
    if begins_item(before):
        return "item"
    return "below" if written.alone else "line"


def _governed(
    candidates: list[FieldCandidate], ranges: list[range]
) -> tuple[dict[int, list[int]], set[int]]:
    """The markers that apply to each candidate, both by number; and all that apply to any."""
    by_line: defaultdict[int, list[int]] = defaultdict(list)
    for position, candidate in enumerate(candidates):
        for line in candidate.lines:
            by_line[line].append(position)
    lines = sorted(by_line)
    by_candidate: defaultdict[int, list[int]] = defaultdict(list)
    governing: set[int] = set()
    for number, scope in enumerate(ranges):
        first, last = bisect_left(lines, scope.start), bisect_left(lines, scope.stop)
        for position in dict.fromkeys(p for line in lines[first:last] for p in by_line[line]):
            by_candidate[position].append(number)
            governing.add(number)
    return by_candidate, governing


def _with_markers(
    findings: FileFindings, candidate: FieldCandidate, written: list[Written]
) -> FieldCandidate:
    """The candidate with its marker; refused if its markers disagree or are near misses."""
    if any(each.near for each in written):
        candidate = _refused(candidate)
    markers = [each.marker for each in written if not each.near and each.marker.kind != "image"]
    if not markers:
        return candidate
    first = markers[0]
    other = next((each for each in markers if not agree(first, each)), None)
    if other is None:
        return replace(candidate, field=replace(candidate.field, marker=first))
    _report(findings, other, disagreement(findings.path, first, candidate.field.line))
    return _refused(candidate, disagree(first, other))


def _agreeing(findings: FileFindings, candidates: list[FieldCandidate]) -> list[FieldCandidate]:
    """Fields that share a text through an anchor are refused where their markers disagree."""
    groups: defaultdict[tuple[int, int, str], list[int]] = defaultdict(list)
    for position, candidate in enumerate(candidates):
        for slot in (candidate.field.tag, candidate.field.digest):
            if slot is not None:
                groups[slot.start, slot.end, slot.prefix].append(position)
    agreeing = list(candidates)
    for group in groups.values():
        one = candidates[group[0]].field
        other = next((p for p in group if not agree(one.marker, candidates[p].field.marker)), None)
        if other is None:
            continue
        marker = candidates[other].field.marker or one.marker
        assert marker is not None
        reason = (
            f"{len(group)} fields share the text on line {one.line} through an anchor but have "
            "different markers: give all of them the same marker, or write the text out"
        )
        _report(findings, marker, reason)
        for position in group:
            agreeing[position] = _refused(agreeing[position], reason.partition(":")[0])
    return agreeing


def _at_unlisted_aliases(
    findings: FileFindings, candidates: list[FieldCandidate], ranges: list[range]
) -> list[FieldCandidate]:
    """Refuse images whose alias has a marker: they are read where they are written."""
    scopes = Intervals([(scope.start - 1, scope.stop) for scope in ranges if scope])
    named = [
        (line, extent)
        for line, extent in unlisted_aliases(findings, candidates)
        if scopes.hold(line) and line not in extent
    ]
    if not named:
        return candidates
    extents = Intervals([(extent.start - 1, extent.stop) for _, extent in named])
    alias_lines = {extents.find(extent.start): line for line, extent in reversed(named)}
    return [
        _repeated(findings, candidate, alias_lines[number])
        if (number := extents.find(candidate.field.line)) >= 0
        else candidate
        for candidate in candidates
    ]


def _repeated(findings: FileFindings, candidate: FieldCandidate, line: int) -> FieldCandidate:
    reason = (
        f"the alias on line {line} has a marker, but its image is read on line "
        f"{candidate.field.line}: put the marker there"
    )
    findings.unread.append(Unread(findings.path, line, "marker", reason))
    return _refused(candidate, reason)


def _report(findings: FileFindings, marker: Marker, reason: str) -> None:
    entry = Unread(findings.path, marker.line, "marker", reason)
    if not findings.unread or findings.unread[-1] != entry:
        findings.unread.append(entry)


def _refused(candidate: FieldCandidate, reason: str = UNSURE) -> FieldCandidate:
    """A candidate that is not changed, because it is unclear which image a marker is meant for."""
    return replace(
        candidate, field=replace(candidate.field, refusal=candidate.field.refusal or reason)
    )


def _broken(findings: FileFindings) -> list[tuple[int, int]]:
    return [(each.base - 1, each.base + len(each.text)) for each in findings.broken]
