"""Reads files that are not YAML, where a configured pattern or a marker comment says so.

Without a structure, an edit is proven by reading again: the same matches in the same order, with
every part equal except the edited ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from typing import Any

from imagebot.errors import InvalidReferenceError, RefusedEditError
from imagebot.glob import matches_any
from imagebot.manifest.images.field import TEXT, FieldEdit, ImageField, Scan, Slot, Unread
from imagebot.manifest.images.findings import MAX_FIELDS
from imagebot.manifest.images.not_reference import filled_in
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.markers.named import Named
from imagebot.manifest.markers.renovate import SIGN as RENOVATE
from imagebot.manifest.markers.written import (
    IN_TEXT,
    NEAR_MISS,
    UNSURE,
    Governing,
    Written,
    disagreement,
    near_misses,
    own_markers,
)
from imagebot.manifest.text import env_file
from imagebot.manifest.text.line import filled_in_on, images_on, names_image_in_comment
from imagebot.manifest.text.lone import Lone, lone_values, named_lines, parts_of
from imagebot.manifest.text.pattern import compile_pattern
from imagebot.manifest.yaml.events import MAX_BYTES
from imagebot.manifest.yaml.file_text import FileText, wide_encoding
from imagebot.reference import Reference, parse_reference
from imagebot.values import dataclass

_DIGEST_AFTER = re.compile(r"@(sha256:[0-9a-f]{64})(?![0-9a-zA-Z])")
# A digest to try a pattern with, and how much around a match it may look at.
_PROBE = "sha256:" + "0" * 64
_NEAR = 2_048
_VARIABLE = re.compile(r"\{\{|\$\{|\$\(")


@dataclass(frozen=True, slots=True)
class _Match:
    """The parts of one match: their text and where each starts and ends.

    `named` is the comment that names the image, if the text does not.
    """

    name: str
    tag: tuple[int, int] | None
    digest: tuple[int, int] | None
    end: int
    governing: Governing | None
    entry: int | None = None
    takes_digest: bool = False
    named: Named | None = None


def find_text(path: str, data: bytes, options: ScanOptions) -> Scan:
    """The image fields of a file that is read as text; an empty scan when nothing asks for it."""
    configured = patterns_for(path, options)
    patterns = (*configured, *env_file.PATTERNS) if options.is_env else configured
    if not patterns and not has_text_markers(data):
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
    fields, unread = find_as_text(path, file, patterns)
    count = len(configured)
    own = (each if (each.entry or 0) < count else replace(each, entry=None) for each in fields)
    return Scan(tuple(own), tuple(unread))


def has_text_markers(data: bytes) -> bool:
    """Whether a file that is not YAML may have markers, or Renovate's comments on images."""
    return b"imagebot:" in data or RENOVATE.encode() in data


def patterns_for(path: str, options: ScanOptions) -> tuple[str, ...]:
    """The configured patterns that a file is to be searched with, whatever it is."""
    return tuple(each.pattern for each in options.files if matches_any(each.match, path))


def not_utf8(path: str, encoding: str) -> Unread:
    """The entry for a file in another encoding; "" is an unknown one."""
    if not encoding:
        return Unread(path, 0, "not-utf8", "not UTF-8")
    name = encoding.upper()[:6]
    return Unread(path, 0, "not-utf8", f"{name} is not edited: save the file as UTF-8")


def prove_text(path: str, old: bytes, new: bytes, edits: Sequence[FieldEdit]) -> None:
    """Raises RefusedEditError unless reading again gives the edited references and no others."""
    own = next(each.field for each in edits if each.field.format == TEXT)
    patterns = tuple(str(key) for key in own.keys[:-1])
    before = _read_again(path, old, patterns)
    after = _read_again(path, new, patterns)
    wanted = {start: each for each in edits for start in _starts(each.field)}
    expected = []
    for field in before:
        each = next((wanted[start] for start in _starts(field) if start in wanted), None)
        tag = each.tag if each and each.tag and field.tag else field.reference.tag
        digest = each.digest if each and each.digest and field.digest else field.reference.digest
        expected.append(field.reference.to(tag, digest))
    if [field.reference for field in after] != expected:
        line = min(each.field.line for each in edits)
        raise RefusedEditError(
            path, line, "reading the file again after the edit gives other references"
        )


def _starts(field: ImageField) -> list[int]:
    """The starts of the parts of a field: each identifies the field within its file."""
    return [slot.start for slot in (field.tag, field.digest) if slot is not None and slot.text]


def _read_again(path: str, data: bytes, patterns: tuple[str, ...]) -> list[ImageField]:
    fields, _ = find_as_text(path, FileText(data), patterns)
    return fields


def find_as_text(
    path: str,
    file: FileText,
    patterns: tuple[str, ...],
    is_marked: Callable[[int], bool] = lambda _line: True,
) -> tuple[list[ImageField], list[Unread]]:
    """The matches of the patterns in a file, and the images with marker comments on lines for which
    `is_marked` is true; in order."""
    fields: list[ImageField] = []
    dangling: list[Unread] = []
    matches = _matches(file, patterns, is_marked, dangling, path)
    if len(matches) > MAX_FIELDS:
        return [], [Unread(path, 0, "too-big", f"more than {MAX_FIELDS:,} images")]
    near = [each for each in _near(file, matches) if is_marked(each.marker.line)]
    unread = [Unread(path, each.marker.line, "marker", NEAR_MISS) for each in near]
    unread += [*dangling, *_disagreeing(path, file, matches)]
    unsure = {each.governs for each in near}
    for number, match in enumerate(matches):
        try:
            field = _field(path, file, match, number, patterns)
            if unsure and not field.refusal and file.line(match.end) in unsure:
                field = replace(field, refusal=UNSURE)
            fields.append(field)
        except InvalidReferenceError as error:
            line = file.line(match.end)
            unread.append(Unread(path, line, "not-a-reference", error.message[:300]))
    return fields, unread


def _disagreeing(path: str, file: FileText, matches: list[_Match]) -> list[Unread]:
    """One entry for each line whose markers disagree."""
    found: dict[int, Unread] = {}
    for match in matches:
        governing = match.governing
        if governing is not None and governing.other is not None:
            line = file.line(match.end)
            reason = disagreement(path, governing.marker, line)
            found[line] = Unread(path, governing.other.line, "marker", reason)
    return list(found.values())


def _near(file: FileText, matches: list[_Match]) -> list[Written]:
    """Near misses, except remarks on lines without an image."""
    near = near_misses(file)
    if not any(each.prose for each in near):
        return near
    lines = {file.line(match.end) for match in matches}
    return [
        each
        for each in near
        if not each.prose or each.governs in lines or any(images_on(file.line_text(each.governs)))
    ]


def _matches(
    file: FileText,
    patterns: tuple[str, ...],
    is_marked: Callable[[int], bool],
    unread: list[Unread],
    path: str,
) -> list[_Match]:
    """In order of position, without overlapping matches; none if there are too many."""
    every = own_markers(file, IN_TEXT) if "imagebot:" in file.text else {}
    written = {line: governing for line, governing in every.items() if is_marked(line)}
    by_place: dict[int, _Match] = {}
    for entry, pattern in enumerate(patterns):
        for match in _by_pattern(path, file, entry, pattern, every, unread):
            by_place.setdefault((match.tag or match.digest or (match.end, 0))[0], match)
    found = list(by_place.values())
    taken = {file.line(match.end) for match in sorted(found, key=lambda match: match.end)}
    names = named_lines(file, path, is_marked, unread)
    found += [
        _lone(file, each, written.get(each.named.governs))
        for each in lone_values(file, path, names, taken, unread)
    ]
    taken |= names.keys()
    for line, governing in sorted(written.items(), key=itemgetter(0)):
        if line in taken or len(found) > MAX_FIELDS:
            continue
        on_line = _by_marker(file, line, governing)
        found += on_line
        if not (on_line or governing.prose or names_image_in_comment(file.line_text(line))):
            unread.append(_without_image(path, file, line, governing))
    return sorted(found, key=lambda match: match.end)


def _without_image(path: str, file: FileText, line: int, governing: Governing) -> Unread:
    """The entry for a marker on a line without an image."""
    if shown := filled_in_on(file.line_text(line)):
        return Unread(path, line, "variable", filled_in(shown), True)
    reason = "the marker applies to a line that has no image with a tag"
    return Unread(path, governing.last.line, "marker", reason)


def _why_unread(match: re.Match[str], groups: Mapping[str, int], name: str) -> str:
    """Why a match is not an image field; "" if it is one.

    Only the parts of the reference must be free of variables, whatever else the pattern matches.
    """
    if not name:
        return "the pattern matches here without a name"
    parts = (match.group(part) for part in groups)
    return next((filled_in(part) for part in parts if part and _VARIABLE.search(part)), "")


def _by_pattern(
    path: str,
    file: FileText,
    entry: int,
    pattern: str,
    written: dict[int, Governing],
    unread: list[Unread],
) -> Iterator[_Match]:
    compiled = compile_pattern(pattern)
    groups = compiled.groupindex
    for match in compiled.finditer(file.text):
        name = match.group("name") if "name" in groups else ""
        if reason := _why_unread(match, groups, name):
            line = file.line(match.start())
            unread.append(
                Unread(path, line, "variable" if name else "not-a-reference", reason, True)
            )
            continue
        tag, digest = (
            match.span(groups[part]) if part in groups and match.group(part) else None
            for part in ("tag", "digest")
        )
        digest_after = _DIGEST_AFTER.match(file.text, tag[1]) if tag and not digest else None
        if digest_after is not None:
            # Left as it is, it would still be that of the old tag.
            digest = digest_after.span(1)
        end = max(span[1] for span in (match.span(groups["name"]), tag, digest) if span)
        takes = digest is None and tag is not None and _takes_digest(file, compiled, match, tag[1])
        yield _Match(name, tag, digest, end, written.get(file.line(end)), entry, takes)


def _takes_digest(file: FileText, compiled: Any, match: re.Match[str], at: int) -> bool:
    """Whether the pattern has a group for a digest, and finds one that is added after the tag."""
    if "digest" not in compiled.groupindex or match.group("digest") is not None:
        return False
    text = file.text
    start = text.rfind("\n", max(0, match.start() - _NEAR), match.start()) + 1
    start = start or max(0, match.start() - _NEAR)
    end = text.find("\n", match.end(), match.end() + _NEAR)
    end = end if end >= 0 else min(len(text), match.end() + _NEAR)
    probe = f"{text[start:at]}@{_PROBE}{text[at:end]}"
    found = compiled.search(probe, match.start() - start)
    return (
        found is not None
        and found.group("digest") == _PROBE
        and (found.group("name"), found.group("tag")) == (match.group("name"), match.group("tag"))
    )


def _by_marker(file: FileText, line: int, governing: Governing) -> list[_Match]:
    start = file.line_start(line)
    found = islice(images_on(file.line_text(line)), MAX_FIELDS + 1)
    return [_on_line(start + each.start, each.reference, governing) for each in found]


def _lone(file: FileText, lone: Lone, governing: Governing | None) -> _Match:
    """The match of a value whose image is named by a comment."""
    if lone.whole:
        line = file.line_text(lone.named.governs)
        (image,) = images_on(line)
        return _on_line(lone.start, image.reference, governing)
    tag, digest = parts_of(file.text[lone.start : lone.end], lone.start)
    takes = digest is None and not lone.named.renovate
    return _Match(
        lone.named.image, tag, digest, lone.end, governing, takes_digest=takes, named=lone.named
    )


def _on_line(start: int, reference: Reference, governing: Governing | None) -> _Match:
    """The match of a reference that is written in one piece from `start`."""
    end = start + len(reference.name)
    spans: list[tuple[int, int] | None] = []
    for part in (reference.tag, reference.digest):
        spans.append(None if part is None else (end + 1, end + 1 + len(part)))
        end = end if part is None else end + 1 + len(part)
    return _Match(reference.name, spans[0], spans[1], end, governing)


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
    takes = match.takes_digest or (not patterns and match.named is None)
    if digest_slot is None and tag_slot is not None and takes:
        digest_slot = replace(tag_slot, start=tag_slot.end, text="", prefix="@")
    return ImageField(
        path=path,
        line=file.line(at),
        column=file.column(at),
        format=TEXT,
        document=0,
        keys=(*patterns, number),
        resource=None,
        container=None,
        reference=reference,
        tag=tag_slot,
        digest=digest_slot,
        marker=match.governing.obeyed if match.governing else None,
        refusal=match.governing.refusal if match.governing else "",
        entry=match.entry,
        repository_from=f"{path}:{match.named.line}" if match.named else "",
    )


def _slot(file: FileText, span: tuple[int, int] | None) -> Slot | None:
    if span is None:
        return None
    return Slot(file.byte(span[0]), file.byte(span[1]), file.text[slice(*span)])
