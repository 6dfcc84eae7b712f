"""Flux's markers: `# {"$imagepolicy": "namespace:name[:tag|:name|:digest]"}`.

Flux (kyaml's setters) reads a marker behind a scalar on its line, or above a scalar that is an
item of a sequence; the whole comment must be the JSON. A marker on a bare tag does not need a
structure around it: the ImageRepository of its policy says which image it is about.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.events import Scalar
from imagebot.manifest.field import ImageField, Marker, Slot, Unread
from imagebot.manifest.found import Draft, Elsewhere, Found, Keys, Sheet
from imagebot.manifest.scalars import placed_scalars
from imagebot.manifest.slots import is_typed, place
from imagebot.manifest.source import FileText
from imagebot.reference import Reference, Repository, is_digest, is_tag, parse_reference

_COMMENT = re.compile(r"#+[ \t]*(\{[^\r\n]*\$imagepolicy[^\r\n]*)")
_PARTS = frozenset({"", "tag", "name", "digest"})
_UNKNOWN = Repository("", "")


@dataclass(frozen=True, slots=True)
class _FluxMarker:
    """`at` is where the comment starts in the file; `alone` when nothing stands before it."""

    policy: str
    part: str
    line: int
    at: int
    alone: bool

    @property
    def marker(self) -> Marker:
        return Marker("policy", self.policy, self.line, "flux")


@dataclass(frozen=True, slots=True)
class _Target:
    found: Found
    scalar: Scalar
    keys: Keys
    start: int
    end: int


def mark(sheet: Sheet, file: FileText, drafts: list[Draft]) -> list[Draft]:
    """The drafts with their Flux markers, and those that only a marker makes a field."""
    marked = list(drafts)
    targets = _targets(sheet)
    for marker in _markers(sheet, file):
        target = _target(file, marker, targets)
        if target is None:
            if not any(start < marker.at < end for start, end in _texts(sheet)):
                reason = "this marker stands at no value: Flux reads it behind one, on its line"
                sheet.unread.append(Unread(sheet.path, marker.line, "marker", reason))
        elif marker.part != "name":
            _apply(sheet, marker, target, marked)
    return marked


def _markers(sheet: Sheet, file: FileText) -> list[_FluxMarker]:
    found = []
    for match in _COMMENT.finditer(file.text):
        line = file.line(match.start())
        policy, part = _parse(match.group(1))
        if not policy:
            reason = "this Flux marker cannot be read: the comment must be its JSON and no more"
            sheet.unread.append(Unread(sheet.path, line, "marker", reason))
            continue
        start = match.start() - file.column(match.start()) + 1
        alone = not file.text[start : match.start()].strip()
        found.append(_FluxMarker(policy, part, line, match.start(), alone))
    return found


def _parse(text: str) -> tuple[str, str]:
    """The policy (`namespace:name`) and the part; an empty policy when there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "", ""
    name = value.get("$imagepolicy") if isinstance(value, dict) else None
    if not isinstance(name, str):
        return "", ""
    pieces = name.split(":")
    part = pieces[2] if len(pieces) == 3 else ""
    if len(pieces) not in (2, 3) or part not in _PARTS or not all(pieces[:2]):
        return "", ""
    return f"{pieces[0]}:{pieces[1]}", part


def _targets(sheet: Sheet) -> list[_Target]:
    targets = []
    for found, root in sheet.marked:
        source = found.source
        for scalar, keys in placed_scalars(root):
            start = source.index(scalar.start_mark.index)
            end = source.index(scalar.end_mark.index)
            targets.append(_Target(found, scalar, keys, start, end))
    return targets


def _texts(sheet: Sheet) -> list[tuple[int, int]]:
    """Where block scalars stand: what looks like a marker in a script is none."""
    return [
        (target.start, target.end)
        for target in _targets(sheet)
        if target.scalar.style in ("|", ">") and "$imagepolicy" in target.scalar.value
    ]


def _target(file: FileText, marker: _FluxMarker, targets: list[_Target]) -> _Target | None:
    """The scalar that a marker governs: the one right before it, or the sequence item below."""
    text = file.text
    for target in targets:
        if target.scalar.style in ("|", ">"):
            continue
        if not marker.alone and target.end <= marker.at:
            between = text[target.end : marker.at]
            if not between.strip(" \t") and target.end > target.start:
                return target
        elif marker.alone and target.start > marker.at:
            below = file.line(target.start) == marker.line + 1
            lead = text[target.start - file.column(target.start) + 1 : target.start]
            if below and not lead.replace("- ", "").strip():
                return target
    return None


def _apply(sheet: Sheet, marker: _FluxMarker, target: _Target, drafts: list[Draft]) -> None:
    file = target.found.source.file
    first, last = file.byte(target.start), file.byte(target.end)
    known = False
    for number, draft in enumerate(drafts):
        if _lies_in(draft.field, first, last):
            drafts[number] = replace(draft, field=replace(draft.field, marker=marker.marker))
            known = True
    if not known and _is_name_of_another(target, drafts):
        reason = "the marker stands at the name of a reference whose tag is beside it: add `:name`"
        target.found.unread(target.scalar, "marker", reason)
    elif not known:
        draft_count = len(sheet.drafts)
        _add(marker, target)
        drafts.extend(
            replace(draft, field=replace(draft.field, marker=marker.marker))
            for draft in sheet.drafts[draft_count:]
        )
        del sheet.drafts[draft_count:]


def _is_name_of_another(target: _Target, drafts: list[Draft]) -> bool:
    """Whether the scalar is the name in a reference that is written in parts."""
    found = target.found
    owner = (*found.prefix, *target.keys[:-1])
    return any(
        draft.field.document == found.document
        and draft.field.keys[:-1] == owner
        and draft.field.reference.name.endswith(target.scalar.value.strip())
        for draft in drafts
    )


def _lies_in(field: ImageField, first: int, last: int) -> bool:
    slots: tuple[Slot | None, ...] = (field.tag, field.digest)
    return any(
        slot is not None and slot.text and first <= slot.start and slot.end <= last
        for slot in slots
    )


def _add(marker: _FluxMarker, target: _Target) -> None:
    """A field where no format knows one: a whole reference, or a tag or digest of its own."""
    found, scalar = target.found, target.scalar
    written = place(found.source, scalar)
    value = written.value
    elsewhere = Elsewhere("ImagePolicy", marker.policy)
    if not marker.part:
        found.inline(scalar, target.keys)
    elif marker.part == "tag" and is_tag(value):
        slot = written.slot(0, value, quoted=not written.plain or is_typed(scalar))
        reference = Reference(_UNKNOWN, value, None, "")
        found.add(written, target.keys, reference, slot, None, elsewhere=elsewhere)
    elif marker.part == "digest" and is_digest(value):
        slot = written.slot(0, value)
        reference = Reference(_UNKNOWN, None, value, "")
        found.add(written, target.keys, reference, None, slot, elsewhere=elsewhere)
    else:
        try:
            parse_reference(value)
        except InvalidReferenceError as error:
            found.no_reference(scalar, error, expected=False)
            return
        reason = f"the marker says that {value[:80]!r} is a {marker.part}, which it is not"
        found.unread(scalar, "marker", reason)
