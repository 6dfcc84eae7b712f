"""On real manifests: what is found is what a loader sees, and edits touch nothing else.

Runs where the corpus is (see `corpus.py`); it is data of others and no part of this repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagebot.manifest import scan as scan_module
from imagebot.manifest.edit import edit
from imagebot.manifest.field import FieldEdit, ImageField, Scan
from imagebot.manifest.scan import scan
from tests.manifest.corpus import corpus

pytestmark = pytest.mark.skipif(not corpus(), reason="no corpus; set IMAGEBOT_CORPUS")

NEW_TAG = "0.0.0-other"


def scanned() -> Iterator[tuple[Path, bytes, Scan]]:
    for path in corpus():
        data = path.read_bytes()
        found = scan(str(path).lstrip("/"), data)
        if found.fields:
            yield path, data, found


def whole_tags(fields: tuple[ImageField, ...]) -> list[ImageField]:
    return [f for f in fields if f.tag is not None and f.tag.text and not f.refusal]


def test_setting_another_tag_and_back_gives_the_original_bytes() -> None:
    edited = 0
    for path, data, found in scanned():
        fields = whole_tags(found.fields)
        name = str(path).lstrip("/")
        there = edit(name, data, [FieldEdit(field, NEW_TAG, None) for field in fields])
        again = whole_tags(scan(name, there).fields)
        assert [str(f.reference.repository) for f in again] == [
            str(f.reference.repository) for f in fields
        ]
        assert all(field.reference.tag == NEW_TAG for field in again)
        back = [
            FieldEdit(new, old.reference.tag, None) for new, old in zip(again, fields, strict=True)
        ]
        assert edit(name, there, back) == data
        edited += len(fields)
    assert edited > 100


def test_an_edit_touches_exactly_the_lines_of_its_fields() -> None:
    for path, data, found in scanned():
        fields = whole_tags(found.fields)
        name = str(path).lstrip("/")
        made = edit(name, data, [FieldEdit(field, NEW_TAG, None) for field in fields])
        before, after = data.split(b"\n"), made.split(b"\n")
        assert len(before) == len(after)
        changed = {n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b}
        assert changed == {field.line for field in fields}


def test_a_naive_loader_sees_the_same_values() -> None:
    """Load before and after, walk both, compare: the fields differ, and nothing else does."""
    compared = 0
    for path, data, found in scanned():
        fields = whole_tags(found.fields)
        if len(data) > 20_000 or b"&" in data:
            continue
        name = str(path).lstrip("/")
        made = edit(name, data, [FieldEdit(field, NEW_TAG, None) for field in fields])
        old, new = load(data), load(made)
        if old is None or new is None:
            continue
        changed = dict(differences(old, new, ()))
        places = {(field.document, *field.keys) for field in fields}
        for keys, (_, value) in changed.items():
            assert any(place[: len(keys)] == keys for place in places), (path, keys)
            assert NEW_TAG in value
        for place in places:
            assert any(place[: len(keys)] == keys for keys in changed), (path, place)
        compared += len(fields)
    assert compared > 100


def load(data: bytes) -> list[Any] | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    loader = YAML(typ="safe", pure=True)
    try:
        return list(loader.load_all(data.decode("utf-8-sig")))
    except YAMLError:
        return None


def differences(
    old: Any, new: Any, keys: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], tuple[Any, Any]]]:
    assert type(old) is type(new) or not isinstance(old, dict | list)
    if isinstance(old, dict):
        assert list(old) == list(new)
        for key in old:
            yield from differences(old[key], new[key], (*keys, key))
    elif isinstance(old, list):
        assert len(old) == len(new)
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, (*keys, number))
    elif old != new:
        yield keys, (old, new)


def test_the_outline_agrees_with_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    with_outline = [scan(str(path).lstrip("/"), path.read_bytes()) for path in corpus()]
    monkeypatch.setattr(scan_module, "outline", lambda _text: None)
    parsed = [scan(str(path).lstrip("/"), path.read_bytes()) for path in corpus()]
    for path, one, other in zip(corpus(), with_outline, parsed, strict=True):
        assert one == other, path
