"""On real manifests: what is found is what a loader sees, and edits touch nothing else.

Runs where the corpus is (see `corpus.py`); it is data of others and no part of this repository.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from imagebot.manifest import scan as scan_module
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, ImageField, Scan
from imagebot.manifest.scan import scan
from tests.manifest.corpus import corpus
from tests.support.require import MISSING

pytestmark = pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")

NEW_TAG = "0.0.0-other"
NEW_DIGEST = "sha256:" + "5e" * 32
# What the naive loader below would show in other places too.
ANCHOR = re.compile(rb"(?m)^(?:[^#\n]*[ \t])?&[A-Za-z0-9_-]+(?:[ \t]|$)")


@cache
def scanned() -> tuple[tuple[str, bytes, Scan], ...]:
    """The path, the content and the scan of each file that has fields."""
    files = ((str(path).lstrip("/"), path.read_bytes()) for path in corpus())
    found = ((name, data, scan(name, data)) for name, data in files)
    return tuple(each for each in found if each[2].fields)


def whole_tags(fields: tuple[ImageField, ...]) -> list[ImageField]:
    return [f for f in fields if f.tag is not None and f.tag.text and not f.refusal]


def changed(field: ImageField) -> FieldEdit:
    """Another tag, or one where there is none, and a digest where there is a place for it."""
    tag = NEW_TAG if field.tag is not None else None
    return FieldEdit(field, tag, NEW_DIGEST if field.digest is not None else None)


def test_few_fields_are_left_out() -> None:
    """What the tests below leave out, and why. Of the 317 fields of the corpus of 2026 that is
    nothing but 119 that have no tag to be exchanged (one is put there and taken away again) and one
    whose tag is `""` (one is put there and looked at by the naive loader)."""
    reasons = Counter(
        reason for _, data, found in scanned() for f in found.fields for reason in why_not(f, data)
    )
    total = sum(len(found.fields) for _, _, found in scanned())
    print(f"{total} fields: {dict(reasons)}")
    assert reasons["refused"] <= total // 100
    assert reasons["no place for a tag"] <= total // 100
    assert reasons["no place for a digest"] <= total // 20
    assert reasons['a tag that is ""'] <= total // 20
    assert reasons["anchors in its file"] <= total // 20


def takes_digest(field: ImageField) -> bool:
    """Whether what is put behind the name can be taken away again: not where it replaces `""`."""
    bare = field.tag is None or bool(field.tag.text) or field.tag.prefix == ":"
    return field.digest is not None and bare and not field.refusal


def why_not(field: ImageField, data: bytes) -> Iterator[str]:
    if field.refusal:
        yield "refused"
    if field.tag is None:
        yield "no place for a tag"
    elif not field.tag.text:
        yield "no tag"
    if field.digest is None:
        yield "no place for a digest"
    elif not takes_digest(field):
        yield 'a tag that is ""'
    if ANCHOR.search(data):
        yield "anchors in its file"


def test_setting_another_tag_and_back_gives_the_original_bytes() -> None:
    edited = 0
    for name, data, found in scanned():
        fields = whole_tags(found.fields)
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


def test_setting_a_digest_and_taking_it_away_gives_the_original_bytes() -> None:
    """Those that have a digest get another one, and their own again. Where there is no tag, one
    is put before the digest and taken away with it."""
    edited = 0
    for name, data, found in scanned():
        fields = [f for f in found.fields if takes_digest(f)]
        tags = [None if f.reference.tag else NEW_TAG for f in fields]
        there = edit(name, data, list(map(FieldEdit, fields, tags, [NEW_DIGEST] * len(fields))))
        again = [f for f in scan(name, there).fields if f.reference.digest == NEW_DIGEST]
        assert [f.reference for f in again] == [
            f.reference.to(f.reference.tag or NEW_TAG, NEW_DIGEST) for f in fields
        ]
        own = [f.reference.digest for f in fields]
        pairs = zip(again, own, strict=True)
        there = edit(name, there, [FieldEdit(f, None, digest) for f, digest in pairs if digest])
        for slot in dict.fromkeys(f.digest for f in fields if f.digest and not f.digest.text):
            there = there.replace(f"{slot.prefix}{NEW_DIGEST}{slot.suffix}".encode(), b"")
        assert there.replace(f":{NEW_TAG}".encode(), b"") == data, name
        edited += len(fields)
    assert edited > 200


def test_an_edit_touches_exactly_the_lines_of_its_fields() -> None:
    for name, data, found in scanned():
        fields = whole_tags(found.fields)
        made = edit(name, data, [FieldEdit(field, NEW_TAG, None) for field in fields])
        before, after = data.split(b"\n"), made.split(b"\n")
        assert len(before) == len(after)
        lines = {n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b}
        assert lines == {field.line for field in fields}


def test_a_naive_loader_sees_the_new_values_and_no_others() -> None:
    """Load before and after, walk both, compare: the fields say what was asked, all else stays."""
    compared = unread = 0
    for name, data, found in scanned():
        if ANCHOR.search(data):
            continue
        fields = [field for field in found.fields if not field.refusal]
        made = edit(name, data, [changed(field) for field in fields])
        old, new = load(data), load(made)
        if old is None or new is None:
            unread += len(fields)
            continue
        seen = dict(differences(old, new, ()))
        places = {(field.document, *field.keys): field for field in fields}
        for keys, (before, after) in seen.items():
            own = [field for place, field in places.items() if is_at(place, keys)]
            if own:
                assert after == expected(before, own), (name, keys)
            else:
                assert (keys[-1], after) == ("digest", NEW_DIGEST), (name, keys)
        for place in places:
            assert any(is_at(place, keys) for keys in seen), (name, place)
        compared += len(fields)
    assert compared > 200
    assert unread <= compared // 20


def is_at(place: tuple[object, ...], keys: tuple[object, ...]) -> bool:
    """Whether a field is in the value at `keys`; for a list of parameters, in one of its values."""
    if keys[-1] == "value" and keys[-3:-2] == ("parameters",):
        keys = keys[:-2]
    return place[: len(keys)] == keys


def expected(before: object, fields: list[ImageField]) -> str:
    """What a value must become: that of a tag alone, of a reference, or of a text with some."""
    text = str(before)
    for field in fields:
        edited, old = changed(field), field.reference
        behind = field.digest is not None and field.digest.prefix == "@"
        new = old.to(edited.tag, edited.digest if behind or old.digest else None)
        if old.name not in text:
            return str(new).removeprefix(f"{new.name}:")
        text = re.sub(rf"(?<![\w./:@-]){re.escape(str(old))}(?![\w./:@-])", str(new), text)
    return text


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
    """Where two documents differ, with what both say. Nothing may be added but a digest."""
    assert type(old) is type(new) or not isinstance(old, dict | list)
    if isinstance(old, dict):
        assert [key for key in new if key in old or key != "digest"] == list(old)
        for key in new:
            yield from differences(old.get(key), new[key], (*keys, key))
    elif isinstance(old, list):
        assert len(old) == len(new)
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, (*keys, number))
    elif old != new:
        yield keys, (old, new)


def test_the_outline_agrees_with_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    with_outline = [scan(str(path).lstrip("/"), path.read_bytes()) for path in corpus()]
    monkeypatch.setattr(scan_module, "outline", lambda _text, _found: None)
    parsed = [scan(str(path).lstrip("/"), path.read_bytes()) for path in corpus()]
    for path, one, other in zip(corpus(), with_outline, parsed, strict=True):
        assert one == other, path
