"""Changes the bytes of tags and digests, and nothing else, and proves it.

All edits of a file are applied at once. Then every document they touch is parsed before and after:
all events except the edited values must be equal (see `proof`). An edit that cannot be proven is
refused; YAML is never emitted again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TypeAlias

from imagebot.errors import RefusedEditError
from imagebot.manifest import sops
from imagebot.manifest.images.field import TEXT, FieldEdit, ImageField, Slot, fingerprint
from imagebot.manifest.splice import applied, ordered, prove_file
from imagebot.manifest.text.read import prove_text
from imagebot.manifest.yaml.edits import Edit
from imagebot.manifest.yaml.events import MAX_BYTES
from imagebot.manifest.yaml.masked import is_masked, mask
from imagebot.manifest.yaml.quoting import needs_quotes
from imagebot.reference import is_digest, is_tag
from imagebot.version.chart import chart_version

_ADDED_KEY = re.compile(r"""["']?([A-Za-z]+)["']?: ["']?\Z""")


# By slot and by field: the edit, and the value it wants in that slot.
_Asked: TypeAlias = dict[Slot, dict[tuple[str | int, ...], tuple[FieldEdit, str | None]]]


def edit(path: str, data: bytes, field_edits: Sequence[FieldEdit]) -> bytes:
    """`data` with the edits applied. The fields must come from a scan of the same bytes.

    Raises RefusedEditError: then nothing of this file may be written.
    """
    byte_edits = ordered(path, _collect(path, data, field_edits))
    if not byte_edits:
        return data
    if line := sops.line_of_mac(data):
        raise RefusedEditError(path, line, sops.REASON)
    if len(data) > MAX_BYTES:
        raise RefusedEditError(path, 0, f"larger than {MAX_BYTES // (1024 * 1024)} MiB")
    new = applied(data, byte_edits)
    if any(each.field.format == TEXT for each in field_edits):
        prove_text(path, data, new, field_edits)
    if is_masked(path):
        prove_file(path, mask(data), mask(new), byte_edits)
    else:
        content = fingerprint(data)
        valid = all(each.field.scanned == content for each in field_edits)
        prove_file(path, data, new, byte_edits, valid=valid)
    if path.endswith(".json") and _is_json(data) and not _is_json(new):
        raise RefusedEditError(path, byte_edits[0].line, "cannot be edited exactly: no longer JSON")
    return new


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _collect(path: str, data: bytes, field_edits: Sequence[FieldEdit]) -> list[Edit]:
    byte_edits: list[Edit] = []
    asked: _Asked = {}
    for each in field_edits:
        _check(path, each)
        whole = _with_digest_in_quotes(each)
        if whole is not None:
            byte_edits.append(whole)
        for slot, is_the_tag in ((each.field.tag, True), (each.field.digest, False)):
            value = each.tag if is_the_tag else each.digest
            if slot is not None:
                key = (each.field.document, *each.field.keys)
                asked.setdefault(slot, {})[key] = (each, value)
            if value is None:
                continue
            if slot is None:
                part = "tag" if is_the_tag else "digest"
                raise _refused(each.field, f"a {part} cannot be written here")
            if data[slot.start : slot.end] != slot.text.encode():
                raise _refused(each.field, "the file has changed since it was read")
            as_it_is = value == slot.text and not (is_the_tag and each.field.is_misread)
            if not as_it_is and whole is None:
                byte_edits.append(_edit_of(each, slot, value))
    _check_shared(asked)
    return byte_edits


def _check(path: str, each: FieldEdit) -> None:
    field = each.field
    if field.path != path:
        raise RefusedEditError(path, field.line, f"the field belongs to another file, {field.path}")
    if field.refusal:
        raise _refused(field, field.refusal)
    if each.tag is not None and field.reference.chart:
        if chart_version(each.tag) != each.tag:
            raise _refused(field, f"{each.tag!r} is not a version of a chart: Helm takes SemVer 2")
    elif each.tag is not None and not is_tag(each.tag):
        raise _refused(field, f"{each.tag!r} is not a valid tag")
    if each.digest is not None and not is_digest(each.digest):
        raise _refused(field, f"{each.digest!r} is not a valid digest")
    has_tag = each.tag is not None or field.reference.tag is not None
    if each.digest is not None and not has_tag and _digest_follows(field.digest, field.tag):
        raise _refused(field, "a digest can only be added after a tag, and this reference has none")


def _check_shared(asked: _Asked) -> None:
    """Raises RefusedEditError if only some of the fields that share a text (an alias) change."""
    hint = "write the reference out in each place, or give all of them the same policy"
    for by_field in asked.values():
        edits = [each for each, _ in by_field.values()]
        values = {value for _, value in by_field.values()}
        if len(values) > 1:
            reason = (
                "several fields share this text through an anchor, but would get different values"
            )
            raise _refused(edits[0].field, reason, hint=hint)
        for each in edits:
            field = each.field
            together = max(
                len(asked[slot]) for slot in (field.tag, field.digest) if slot is not None
            )
            if together < field.shared and values != {None}:
                reason = (
                    f"{field.shared} fields share this text through an anchor, but only "
                    f"{together} of them would change"
                )
                raise _refused(field, reason, hint=hint)


def _edit_of(each: FieldEdit, slot: Slot, value: str) -> Edit:
    added = _ADDED_KEY.search(slot.prefix) if slot.start == slot.end else None
    quote = ""
    if not slot.quoted and _in_doubt(slot, value) and not _gets_digest(each, slot):
        quote = slot.quote
    new = f"{slot.prefix}{quote}{value}{quote}{slot.suffix}"
    seen = value if added or not slot.quoted else f"{slot.prefix}{value}{slot.suffix}"
    key = added.group(1) if added else ""
    return Edit(slot.start, slot.end, new, seen, key, each.field.line, each.field.format == TEXT)


def _in_doubt(slot: Slot, value: str) -> bool:
    """Whether some reader does not take `value` for text when it is written without quotes."""
    if slot.style == "json" or needs_quotes(value):
        return True
    return slot.style == "flow" and ":" in value


def _gets_digest(each: FieldEdit, slot: Slot) -> bool:
    """`tag: 1.10` that becomes `tag: 1.10@sha256:…` is text without quotes."""
    gets_digest = each.digest is not None and slot is each.field.tag
    return gets_digest and _digest_follows(each.field.digest, slot)


def _digest_follows(digest: Slot | None, tag: Slot | None) -> bool:
    """Whether a digest follows the tag of a split reference, in the same scalar."""
    if digest is None or tag is None or digest.prefix != "@" or tag.prefix == ":":
        return False
    return digest.start == tag.end


def _with_digest_in_quotes(each: FieldEdit) -> Edit | None:
    """`{tag: 1.2}` becomes `{tag: "1.2@sha256:…"}`: some readers refuse it without quotes there."""
    slot = each.field.tag
    if slot is None or slot.quoted or slot.style == "block" or not _gets_digest(each, slot):
        return None
    value = f"{each.tag or slot.text}@{each.digest}"
    new = f"{slot.prefix}{slot.quote}{value}{slot.quote}"
    return Edit(slot.start, slot.end, new, value, line=each.field.line)


def _refused(field: ImageField, reason: str, *, hint: str = "") -> RefusedEditError:
    return RefusedEditError(field.path, field.line, reason, hint=hint)
