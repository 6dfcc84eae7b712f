"""Golden cases: what a scan finds in `before`, and that the edit gives `after`, to the byte.

A case is a folder of tests/data/manifests: `case.json` says under which path the file is scanned,
what it must hold (`references`, `unread` as line and code) and what is set; one that is refused
has the message instead of an `after`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.flux.join import join
from imagebot.manifest.images.field import FieldEdit, ImageField, Scan
from imagebot.manifest.images.options import ExtraField, ExtraFile
from imagebot.manifest.scan import ScanOptions, scan

DATA = Path(__file__).parent.parent / "data" / "manifests"
CASES = sorted(path.parent for path in DATA.glob("*/case.json"))


def load(case: Path) -> tuple[dict[str, Any], bytes]:
    meta: dict[str, Any] = json.loads((case / "case.json").read_text("utf-8"))
    (before,) = case.glob("before.*")
    return meta, before.read_bytes()


def options_of(meta: dict[str, Any]) -> ScanOptions:
    given = meta.get("options", {})
    return ScanOptions(
        fields=tuple(
            ExtraField(**{**each, "files": tuple(each.get("files", ()))})
            for each in given.get("fields", ())
        ),
        files=tuple(
            ExtraFile(match=tuple(each["match"]), pattern=each["pattern"])
            for each in given.get("files", ())
        ),
        chart=given.get("chart", False),
        compose_defaults=given.get("compose_defaults", False),
    )


def scan_case(meta: dict[str, Any], data: bytes) -> Scan:
    found = scan(meta["path"], data, options_of(meta))
    return join({meta["path"]: found}).scans[meta["path"]]


def edits_of(meta: dict[str, Any], fields: tuple[ImageField, ...]) -> list[FieldEdit]:
    wanted = meta["edits"]
    if isinstance(wanted, dict):
        return [FieldEdit(field, wanted.get("tag"), wanted.get("digest")) for field in fields]
    return [
        FieldEdit(fields[each["field"]], each.get("tag"), each.get("digest")) for each in wanted
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    meta, before = load(case)
    found = scan_case(meta, before)
    assert [str(field.reference) for field in found.fields] == meta["references"]
    assert [[each.line, each.code] for each in found.unread] == meta.get("unread", [])
    edits = edits_of(meta, found.fields)
    if "refused" in meta:
        with pytest.raises(RefusedEditError) as refusal:
            edit(meta["path"], before, edits)
        assert str(refusal.value) == meta["refused"]
        return
    (after,) = case.glob("after.*")
    made = edit(meta["path"], before, edits)
    assert made == after.read_bytes()
    again = scan_case(meta, made)
    by_keys = {(each.field.document, each.field.keys): each for each in edits}
    for field in again.fields:
        each = by_keys.get((field.document, field.keys))
        if each is not None and each.tag is not None:
            assert field.reference.tag == each.tag
        if each is not None and each.digest is not None:
            assert field.reference.digest == each.digest


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_places_are_where_they_say(case: Path) -> None:
    """Line and column point at the tag, and slots at the bytes that they name."""
    meta, before = load(case)
    for field in scan_case(meta, before).fields:
        for slot in (field.tag, field.digest):
            assert slot is None or before[slot.start : slot.end].decode() == slot.text
        if field.tag is not None and field.tag.text:
            newline = b"\n" if b"\n" in before else b"\r"
            start = before.rfind(newline, 0, field.tag.start) + 1
            assert field.line == before.count(newline, 0, field.tag.start) + 1
            lead = before[start : field.tag.start].removeprefix(b"\xef\xbb\xbf").decode()
            assert field.column == len(lead) + 1
