"""Files that are no YAML: read where a configured pattern or a marker comment says so.

There is no structure to prove an edit by, so the proof is to read again: the same matches in the
same order, moved by what was put in before them, with every part equal but the edited ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from imagebot.errors import InvalidReferenceError, RefusedEditError
from imagebot.glob import matches_any
from imagebot.manifest.events import MAX_BYTES
from imagebot.manifest.field import FieldEdit, ImageField, Marker, Scan, Slot, Unread
from imagebot.manifest.file_pattern import compile_pattern
from imagebot.manifest.marker_text import (
    IN_TEXT,
    NEAR_MISS,
    UNSURE,
    Written,
    near_misses,
    own_markers,
)
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.source import FileText, wide_encoding
from imagebot.reference import Reference, parse_reference

FORMAT = "text"
# A reference with a tag or a digest, as it stands on a line that a marker governs.
_ON_LINE = (
    r"(?:^|[\s\"'=(\[,@/])(?P<name>[a-z0-9][a-zA-Z0-9._/-]*(?::[0-9]+/[a-z0-9._/-]+)?)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
    r"(?=$|[\s\"'),;\]#])"
)
_VARIABLE = re.compile(r"\{\{|\$\{|\$\(")


@dataclass(frozen=True, slots=True)
class _Match:
    """The parts of one match: their text and where each starts and ends."""

    name: str
    tag: tuple[int, int] | None
    digest: tuple[int, int] | None
    end: int
    marker: Marker | None


def find_text(path: str, data: bytes, options: ScanOptions) -> Scan:
    """The image fields of a file that is read as text; an empty scan when nothing asks for it."""
    patterns = tuple(each.pattern for each in options.files if matches_any(each.match, path))
    if not patterns and b"imagebot:" not in data:
        return Scan()
    encoding = wide_encoding(data)
    if (
        options.mentions
        and not encoding
        and not any(name.encode() in data for name in options.mentions)
    ):
        return Scan()
    if len(data) > MAX_BYTES:
        reason = f"larger than {MAX_BYTES // (1024 * 1024)} MiB"
        return Scan(unread=(Unread(path, 0, "too-big", reason),))
    try:
        file = FileText(data)
    except UnicodeDecodeError:
        return Scan(unread=(not_utf8(path, encoding),))
    if encoding:
        return Scan(unread=(not_utf8(path, encoding),))
    fields, unread = _read(path, file, patterns)
    return Scan(tuple(fields), tuple(unread))


def not_utf8(path: str, encoding: str) -> Unread:
    """What a file in another encoding is listed as, "" being an unknown one."""
    if not encoding:
        return Unread(path, 0, "not-utf8", "not UTF-8")
    name = encoding.upper()[:6]
    return Unread(path, 0, "not-utf8", f"{name}, which is not edited: save it as UTF-8")


def prove_text(path: str, old: bytes, new: bytes, edits: Sequence[FieldEdit]) -> None:
    """Raises RefusedEditError unless a second reading gives what was asked, and nothing else."""
    own = next(each.field for each in edits if each.field.format == FORMAT)
    patterns = tuple(str(key) for key in own.keys[:-1])
    before = _read_again(path, old, patterns)
    after = _read_again(path, new, patterns)
    wanted = {_starts(each.field): each for each in edits}
    expected = []
    for field in before:
        each = wanted.get(_starts(field))
        tag = each.tag if each and each.tag else field.reference.tag
        digest = each.digest if each and each.digest else field.reference.digest
        expected.append(field.reference.to(tag, digest))
    if [field.reference for field in after] != expected:
        line = min(each.field.line for each in edits)
        raise RefusedEditError(path, line, "read again after the edit, the file says other things")


def _starts(field: ImageField) -> tuple[int | None, int | None]:
    """Tells a field from all others of its file."""
    parts = (field.tag, field.digest)
    first, second = (slot.start if slot is not None and slot.text else None for slot in parts)
    return first, second


def find_marked(path: str, data: bytes) -> tuple[list[ImageField], list[Unread]]:
    """The references in `data` that marker comments govern, whatever the file is."""
    return _read(path, FileText(data), ())


def _read_again(path: str, data: bytes, patterns: tuple[str, ...]) -> list[ImageField]:
    fields, _ = _read(path, FileText(data), patterns)
    return fields


def _read(
    path: str, file: FileText, patterns: tuple[str, ...]
) -> tuple[list[ImageField], list[Unread]]:
    fields: list[ImageField] = []
    dangling: list[Unread] = []
    matches = _matches(file, patterns, dangling, path)
    near = _near(file, matches)
    unread = [Unread(path, each.marker.line, "marker", NEAR_MISS) for each in near]
    unread += dangling
    unsure = {each.governs for each in near}
    for number, match in enumerate(matches):
        try:
            field = _field(path, file, match, number, patterns)
            if unsure and file.line(match.end) in unsure:
                field = replace(field, refusal=UNSURE)
            fields.append(field)
        except InvalidReferenceError as error:
            line = file.line(match.end)
            unread.append(Unread(path, line, "not-a-reference", error.message[:300]))
    return fields, unread


def _near(file: FileText, matches: list[_Match]) -> list[Written]:
    """What only looks like a marker, but for remarks on lines that name no image."""
    near = near_misses(file)
    if not any(each.prose for each in near):
        return near
    lines = {file.line(match.end) for match in matches}
    return [
        each
        for each in near
        if not each.prose
        or each.governs in lines
        or _by_marker(file, each.governs, each.marker) is not None
    ]


def _matches(
    file: FileText, patterns: tuple[str, ...], unread: list[Unread], path: str
) -> list[_Match]:
    """By place. Matches that overlap are not used."""
    written = own_markers(file, IN_TEXT) if "imagebot:" in file.text else {}
    markers = {line: marker for line, (marker, _) in written.items()}
    found = [match for pattern in patterns for match in _by_pattern(file, pattern, markers)]
    taken = {file.line(match.end) for match in sorted(found, key=lambda match: match.end)}
    for line, (marker, prose) in sorted(written.items()):
        if line not in taken:
            on_line = _by_marker(file, line, marker)
            if on_line is None and prose:
                continue
            if on_line is None:
                reason = "the marker governs a line on which there is no image with a tag"
                unread.append(Unread(path, marker.line, "marker", reason))
            else:
                found.append(on_line)
    return sorted(found, key=lambda match: match.end)


def _by_pattern(file: FileText, pattern: str, markers: dict[int, Marker]) -> Iterator[_Match]:
    compiled = compile_pattern(pattern)
    groups = compiled.groupindex
    for match in compiled.finditer(file.text):
        name = match.group("name") if "name" in groups else ""
        if not name or _VARIABLE.search(match.group()):
            continue
        tag, digest = (
            match.span(groups[part]) if part in groups and match.group(part) else None
            for part in ("tag", "digest")
        )
        end = max(span[1] for span in (match.span(groups["name"]), tag, digest) if span)
        yield _Match(name, tag, digest, end, markers.get(file.line(end)))


def _by_marker(file: FileText, line: int, marker: Marker) -> _Match | None:
    start = file.line_start(line)
    text = file.text[start : file.line_end(start)]
    text = text.partition("#")[0].partition(" //")[0]
    if _VARIABLE.search(text):
        return None
    for match in re.finditer(_ON_LINE, text):
        if match.group("tag") or match.group("digest"):
            tag, digest = (
                (start + match.start(part), start + match.end(part)) if match.group(part) else None
                for part in ("tag", "digest")
            )
            return _Match(match.group("name"), tag, digest, start + match.end(), marker)
    return None


def _field(
    path: str, file: FileText, match: _Match, number: int, patterns: tuple[str, ...]
) -> ImageField:
    """Raises InvalidReferenceError."""
    tag = file.text[slice(*match.tag)] if match.tag else None
    digest = file.text[slice(*match.digest)] if match.digest else None
    written = f"{match.name}:{tag}" if tag else match.name
    reference: Reference = parse_reference(f"{written}@{digest}" if digest else written)
    at = (match.tag or match.digest or (match.end, match.end))[0]
    tag_slot = _slot(file, match.tag)
    digest_slot = _slot(file, match.digest)
    if digest_slot is None and tag_slot is not None and not patterns:
        digest_slot = replace(tag_slot, start=tag_slot.end, text="", prefix="@")
    return ImageField(
        path=path,
        line=file.line(at),
        column=file.column(at),
        format=FORMAT,
        document=0,
        keys=(*patterns, number),
        resource=None,
        container=None,
        reference=reference,
        tag=tag_slot,
        digest=digest_slot,
        marker=match.marker,
    )


def _slot(file: FileText, span: tuple[int, int] | None) -> Slot | None:
    if span is None:
        return None
    return Slot(file.byte(span[0]), file.byte(span[1]), file.text[slice(*span)])
