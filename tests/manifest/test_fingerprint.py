"""What a scan has found valid is not checked a second time by an edit of the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, ImageField, fingerprint
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml import proof
from imagebot.manifest.yaml.events import events_and_rest
from tests.manifest.test_golden import CASES, edits_of, load, scan_case

PLAIN = b"image: app:1.0\nrest: {a: [b, c]}\n"
MANY = b"image: app:1.0\n---\nimage: web:1.0\n---\nrest: [a, b]\n"
TEMPLATE = b"image: app:1.0 # imagebot: {policy: semver}\nname: {{ .name }}\n{{ end }}\n"
ANCHORED = b"base: &a app:1.0\nimage: *a\nrest: [a]\n"


def edited(path: str, data: bytes, fields: Sequence[ImageField], *, tag: str = "2.0") -> bytes:
    return edit(path, data, [FieldEdit(field, tag, None) for field in fields])


def checks_of(path: str, data: bytes, fields: Sequence[ImageField]) -> int:
    """How often an edit checks the rest of a document."""
    checked = mock.Mock()

    def note(text: str) -> object:
        return events_and_rest(text)[0], checked

    with mock.patch.object(proof, "events_and_rest", note):
        edited(path, data, fields)
    return int(checked.call_count)


@pytest.mark.parametrize("data", [PLAIN, MANY, ANCHORED])
def test_the_rest_of_a_valid_file_is_not_read_again(data: bytes) -> None:
    fields = scan("a.yaml", data).fields
    assert {field.scanned for field in fields} == {fingerprint(data)}
    assert checks_of("a.yaml", data, fields) == 0
    unknown = [replace(field, scanned=b"") for field in fields]
    assert checks_of("a.yaml", data, unknown) > 0
    assert edited("a.yaml", data, fields) == edited("a.yaml", data, unknown)


@pytest.mark.parametrize(("path", "data"), [("a.yaml", TEMPLATE), ("a.yaml.j2", TEMPLATE)])
def test_what_is_not_known_of_the_whole_file_is_not_said(path: str, data: bytes) -> None:
    found = scan(path, data)
    assert found.fields
    assert all(field.scanned != fingerprint(data) for field in found.fields)


@pytest.mark.parametrize(
    "slow",
    [
        b"image: app:1.0\nrest: {a: b:c}\n",
        b"image: app:1.0\na:\n- b: c\n  : d\n",
        b"image: app:1.0\na: 1\n: b\n",
        b"image: app:1.0\n---\nimage: web:1.0\nrest: {a: b:c}\n",
        b"data:\n  a: |\n    image: app:1.0\nrest: {a: b:c}\n",
    ],
)
@pytest.mark.parametrize("tag", ["2.0", "10.0"])
def test_what_only_the_slow_parser_accepts_is_checked_to_its_end(slow: bytes, tag: str) -> None:
    """libyaml has not read it: nothing is known of what it makes of the rest."""

    def outcome(field: ImageField) -> bytes | str:
        try:
            return edited("a.yaml", slow, [field], tag=tag)
        except RefusedEditError as error:
            return str(error)

    fields = scan("a.yaml", slow).fields
    assert fields[-1].scanned == b""
    for field in fields:
        assert outcome(field) == outcome(replace(field, scanned=b""))


@pytest.mark.parametrize("data", [PLAIN, MANY, ANCHORED])
@pytest.mark.parametrize(
    "added", [b"x: [\n", b"x: {a: b\n", b"\ta: b\n", b"'", b"- a\n", b"\x01\n"]
)
def test_a_file_that_has_changed_since_is_checked_to_its_end(data: bytes, added: bytes) -> None:
    """The document with the edit, in which nothing but the end has changed."""
    head, rest = data.split(b"\n", 1)
    fields = scan("a.yaml", data).fields[:1]
    if data is ANCHORED:
        fields = scan("a.yaml", data).fields
    first = head + b"\n" + rest.split(b"---\n", 1)[0] + added
    with pytest.raises(RefusedEditError):
        edited("a.yaml", first, fields)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_edits_are_the_same_whether_it_is_known_or_not(case: Path) -> None:
    meta, before = load(case)
    edits = edits_of(meta, scan_case(meta, before).fields) if "edits" in meta else []
    unknown = [replace(each, field=replace(each.field, scanned=b"")) for each in edits]

    def outcome(some: list[FieldEdit]) -> bytes | str:
        try:
            return edit(meta["path"], before, some)
        except RefusedEditError as error:
            return str(error)

    assert outcome(edits) == outcome(unknown)
