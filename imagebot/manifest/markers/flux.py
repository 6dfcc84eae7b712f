"""Flux's markers: `# {"$imagepolicy": "namespace:name[:tag|:name|:digest]"}`.

Flux (kyaml's setters) reads a marker after a scalar on the same line, or alone on the line above a
scalar that is a list item or alone on its line; the whole comment must be the JSON. A marker on a
bare tag or digest needs no structure around it: the ImageRepository of its policy says which image
it belongs to.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import Literal, TypeAlias

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.field import FluxObject, ImageField, Marker, Slot, Unread
from imagebot.manifest.images.findings import FieldCandidate, FileFindings, Keys, RepositoryLink
from imagebot.manifest.images.slots import editable_scalar, is_typed
from imagebot.manifest.markers.aliases import with_alias_lines
from imagebot.manifest.markers.flux_comment import FluxComment, flux_comments
from imagebot.manifest.markers.flux_scope import meant_lines
from imagebot.manifest.markers.intervals import values_with_signs
from imagebot.manifest.markers.targets import Target, targets_of
from imagebot.manifest.yaml.file_text import FileText
from imagebot.reference import Reference, Repository, is_digest, is_tag, parse_reference

_UNKNOWN = Repository("", "")
_UNREADABLE = "this Flux marker cannot be read: the comment must be its JSON and nothing else"
_NO_VALUE = (
    "this marker is not attached to a value: Flux only reads it at the end of the value's line"
)
_BLOCK = ("|", ">")
Part: TypeAlias = Literal["", "tag", "digest"]


def mark(
    findings: FileFindings, file: FileText, candidates: list[FieldCandidate]
) -> list[FieldCandidate]:
    """The candidates with their Flux markers, and fields that exist only because of a marker.

    Fields near a marker that Flux would not obey are refused.
    """
    return _Marking(findings, file, candidates).mark()


class _Marking:
    def __init__(
        self, findings: FileFindings, file: FileText, candidates: list[FieldCandidate]
    ) -> None:
        self.findings = findings
        self.file = file
        self.candidates = list(candidates)
        written = [each for each in targets_of(findings) if each.scalar.style not in _BLOCK]
        self.by_start = {each.start: each for each in written}
        self.by_end = {each.end: each for each in written if each.end > each.start}
        self.slots = sorted(
            (slot.start, number)
            for number, candidate in enumerate(candidates)
            for slot in (candidate.field.tag, candidate.field.digest)
            if slot is not None
        )
        self.owners: defaultdict[tuple[int, Keys], set[str]] = defaultdict(set)
        for candidate in candidates:
            owner = (candidate.field.document, candidate.field.keys[:-1])
            self.owners[owner].update(_endings(candidate.field.reference.name))
        self.disobeyed: list[FluxComment] = []
        self.names: list[FluxComment] = []

    def mark(self) -> list[FieldCandidate]:
        values = values_with_signs(self.findings)
        # All comments first: line numbers are counted from the last position.
        for comment in list(flux_comments(self.file, values.hold)):
            if not comment.policy:
                self.disobey(comment, _UNREADABLE)
                continue
            target = self.target(comment)
            reason = _NO_VALUE if target is None else self.apply(comment, target)
            if reason:
                self.disobey(comment, reason)
        self.candidates = [_wholly_marked(candidate) for candidate in self.candidates]
        self.carry_names()
        return self.refused()

    def disobey(self, comment: FluxComment, reason: str) -> None:
        self.disobeyed.append(comment)
        self.findings.unread.append(Unread(self.findings.path, comment.line, "marker", reason))

    def target(self, comment: FluxComment) -> Target | None:
        """The scalar that a marker applies to: the one right before it, or the one below."""
        if comment.alone:
            return self.below(comment)
        text, at = self.file.text, comment.at
        while at > 0 and text[at] != "\n":
            if at in self.by_end:
                return self.by_end[at]
            # After the comma of a flow collection a comment still belongs to the value before.
            if text[at - 1] not in " \t,":
                return None
            at -= 1
        return None

    def below(self, comment: FluxComment) -> Target | None:
        text = self.file.text
        above = comment.at - self.file.column(comment.at)
        while above > 0 and text[above] in " \t\r\n":
            above -= 1
        # With a comment above it, this one is only the end of that comment.
        start = self.file.start_of_line(above) if above > 0 else 0
        if text[start : above + 1].lstrip().startswith("#"):
            return None
        at = self.file.line_end(comment.at)
        at += 2 if text.startswith("\r\n", at) else 1
        while text[at : at + 1] in (" ", "\t") or text[at : at + 2] == "- ":
            at += 1
        target = self.by_start.get(at)
        if target is None:
            return None
        rest = text[target.end : self.file.line_end(target.end)]
        return None if rest.lstrip(" \t,]}").startswith("#") else target

    def apply(self, comment: FluxComment, target: Target) -> str:
        """Attach a marker to its fields; returns why that is impossible, "" if it is done."""
        value = target.scalar.value.strip()
        if comment.part == "name":
            self.names.append(comment)
            return _not_that_part(value, "name") if _has_tag_or_digest(value) else ""
        parts = self.within(target, value)
        if not parts:
            return self.add(comment, target)
        for number, found in parts.items():
            if reason := _disagreement(comment, found, value):
                return reason
            part: Part = "tag" if found == "tag" else "digest" if found == "digest" else ""
            marker = Marker("policy", comment.policy, comment.line, "flux", part)
            self.give(number, marker)
        return ""

    def give(self, number: int, marker: Marker) -> None:
        candidate = self.candidates[number]
        other = candidate.field.marker
        if other is not None and other.text != marker.text:
            problem = (
                f"it names {marker.text}, but the marker on line {other.line} names {other.text}"
            )
            marker = replace(marker, part="", problem=problem)
        elif other is not None:
            # One marker on the tag and one on the digest: both are written.
            marker = replace(other, part="" if other.part != marker.part else other.part)
        self.candidates[number] = replace(candidate, field=replace(candidate.field, marker=marker))

    def within(self, target: Target, value: str) -> dict[int, str]:
        """Which part of a candidate a scalar is, for all candidates in it, by their number."""
        first = self.file.byte(target.start)
        last = first + len(self.file.text[target.start : target.end].encode())
        begin = bisect_left(self.slots, (first, -1))
        end = bisect_right(self.slots, (last, len(self.candidates)))
        parts: dict[int, str] = {}
        for _, number in self.slots[begin:end]:
            part = _part_of(self.candidates[number].field, value, first, last)
            if part is not None:
                parts[number] = part
        return parts

    def add(self, comment: FluxComment, target: Target) -> str:
        """Add a field that only the marker defines; returns why not, "" if it is added."""
        value = target.scalar.value.strip()
        owner = (target.context.document, (*target.context.prefix, *target.keys[:-1]))
        if value in self.owners.get(owner, ()):
            return "the marker is on the name of an image whose tag has its own key: add `:name`"
        count = len(self.findings.candidates)
        unread = len(self.findings.unread)
        if not _add(comment, target):
            return _not_that_part(value, comment.part)
        part: Part = "tag" if comment.part == "tag" else "digest" if comment.part else ""
        marker = Marker("policy", comment.policy, comment.line, "flux", part)
        self.candidates.extend(
            replace(candidate, field=replace(candidate.field, marker=marker))
            for candidate in self.findings.candidates[count:]
        )
        del self.findings.candidates[count:]
        if any(not each.expected for each in self.findings.unread[unread:]):
            self.disobeyed.append(comment)
        return ""

    def carry_names(self) -> None:
        """Keep `:name` markers: whether their policies exist is known after all files are read."""
        if not self.names:
            return
        lines: defaultdict[int, set[int]] = defaultdict(set)
        for candidate in self.candidates:
            for line in candidate.lines:
                lines[line].add(candidate.field.line)
        for comment in self.names:
            namespace, _, name = comment.policy.partition(":")
            self.findings.objects.append(
                FluxObject(
                    kind="NameMarker",
                    namespace=namespace,
                    name=name,
                    path=self.findings.path,
                    line=comment.line,
                    governs=tuple(sorted(lines.get(comment.line, ()))),
                )
            )

    def refused(self) -> list[FieldCandidate]:
        if not self.disobeyed:
            return self.candidates
        meant = meant_lines(self.file, self.disobeyed)
        return [
            _refused(candidate, meant)
            for candidate in with_alias_lines(self.findings, self.candidates)
        ]


def _refused(candidate: FieldCandidate, meant: dict[int, int]) -> FieldCandidate:
    line = next((meant[line] for line in candidate.lines if line in meant), 0)
    if not line:
        return candidate
    reason = candidate.field.refusal or (
        f"the marker on line {line} applies to no image or cannot be read, and may be meant for "
        "this one"
    )
    return replace(candidate, field=replace(candidate.field, refusal=reason))


def _wholly_marked(candidate: FieldCandidate) -> FieldCandidate:
    """A tag and a digest next to each other must match, so both need a marker."""
    marker, reference = candidate.field.marker, candidate.field.reference
    if marker is None or marker.syntax != "flux" or marker.problem:
        return candidate
    if marker.part == "tag" and reference.digest is not None:
        problem = "its digest has no marker and would still be that of the old tag: add `:digest`"
    elif marker.part == "digest" and reference.tag is not None:
        problem = "its tag has no marker and would not match the new digest: add `:tag`"
    else:
        return candidate
    return replace(
        candidate, field=replace(candidate.field, marker=replace(marker, problem=problem))
    )


def _endings(name: str) -> list[str]:
    """The endings of a name, which may be written without its registry or more."""
    parts = name.split("/")
    return ["/".join(parts[at:]) for at in range(len(parts))]


def _part_of(field: ImageField, value: str, first: int, last: int) -> str | None:
    """Which part of a field a scalar (bytes `first` to `last`) is: "tag", "digest" or "both", ""
    for the whole reference, None if it is no part."""

    def lies(slot: Slot | None) -> bool:
        return slot is not None and first <= slot.start and slot.end <= last

    tag, digest = field.tag, field.digest
    has_tag, has_digest = lies(tag), lies(digest)
    if tag is not None and has_tag and tag.text and value.partition("@")[0] == tag.text:
        return "both" if digest is not None and has_digest and digest.text else "tag"
    if digest is not None and has_digest and digest.text == value:
        return "digest" if value or not digest.prefix else None
    if not value:
        return "tag" if tag is not None and has_tag and not tag.prefix else None
    written = (tag is not None and has_tag) or (digest is not None and has_digest)
    return "" if written else None


def _disagreement(comment: FluxComment, found: str, value: str) -> str:
    """Why Flux would break the value by obeying the marker; "" if it would not."""
    part = comment.part
    if part == found or (part == "tag" and found == "both"):
        return ""
    if not part:
        what = "digest" if found == "digest" else "tag"
        return f"Flux would write a whole reference here, over a {what} alone: add `:{what}`"
    return _not_that_part(value, part)


def _not_that_part(value: str, part: str) -> str:
    return f"the marker says that {value[:80]!r} is a {part}, but it is not"


def _has_tag_or_digest(value: str) -> bool:
    try:
        reference = parse_reference(value)
    except InvalidReferenceError:
        return False
    return reference.tag is not None or reference.digest is not None


def _add(comment: FluxComment, target: Target) -> bool:
    """Report a field unknown to all formats: a whole reference, or a tag or digest alone."""
    context, scalar = target.context, target.scalar
    written = editable_scalar(context.document_text, scalar)
    value = written.value
    link = RepositoryLink("ImagePolicy", comment.policy)
    if not comment.part:
        context.inline(scalar, target.keys)
    elif comment.part == "tag" and (is_tag(value) or (not value and not written.plain)):
        slot = written.slot(0, value, quoted=not written.plain or is_typed(scalar))
        reference = Reference(_UNKNOWN, value or None, None, "")
        context.add(written, target.keys, reference, slot, None, link=link)
    elif comment.part == "digest" and is_digest(value):
        slot = written.slot(0, value)
        reference = Reference(_UNKNOWN, None, value, "")
        context.add(written, target.keys, reference, None, slot, link=link)
    else:
        return False
    return True
