from __future__ import annotations

from typing import Any

import msgspec
import pytest

from imagebot.manifest.cache import (
    StaleScanError,
    UnencodableScanError,
    decode,
    decode_entries,
    encode,
    encode_entries,
    options_key,
    scan_key,
)
from imagebot.manifest.images.field import Scan, Unread
from imagebot.manifest.images.options import ExtraField, ScanOptions
from imagebot.manifest.scan import scan
from tests.manifest.test_golden import CASES, load, options_of


def every_scan() -> list[tuple[str, bytes, ScanOptions, Scan]]:
    found = []
    for case in CASES:
        meta, data = load(case)
        options = options_of(meta)
        found.append((meta["path"], data, options, scan(meta["path"], data, options)))
    return found


def plain(found: Scan) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.msgpack.decode(encode(found))
    return value


def test_every_scan_survives() -> None:
    for _, _, _, found in every_scan():
        assert decode(encode(found)) == found


def test_entries_survive() -> None:
    entries = {"one": encode(scan("a.yaml", b"image: app:1.0\n")), "two": b""}
    assert decode_entries(encode_entries(entries)) == entries
    assert decode_entries(memoryview(encode_entries(entries))) == entries


FIELD = plain(scan("a.yaml", b"image: app:1.0\n"))
BROKEN: dict[str, object] = {
    "text": "x",
    "a list": [[], [], [], []],
    "a field of another type": {"fields": ["x"]},
    "a field without its members": {"fields": [{}]},
    "a line that is text": {**FIELD, "fields": [{**FIELD["fields"][0], "line": "1"}]},
    "a slot that is a number": {**FIELD, "fields": [{**FIELD["fields"][0], "tag": 1}]},
    "an unknown kind": {"objects": [{"kind": "Secret", "namespace": "", "name": "a", "path": "b"}]},
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_values_that_are_not_a_scan_are_stale(value: object) -> None:
    with pytest.raises(StaleScanError):
        decode(msgspec.msgpack.encode(value))


def test_bytes_that_are_not_a_scan_are_stale() -> None:
    whole = encode(scan("a.yaml", b"image: app:1.0\n"))
    cut = [whole[:length] for length in range(1, len(whole))]
    deep = b"\x81\xa1x" + b"\x91" * 100_000
    for data in (*cut, whole + b"\x00", b"\xc1", deep):
        with pytest.raises(StaleScanError):
            decode(data)


def test_bytes_that_are_not_entries_are_stale() -> None:
    for data in (b"", b"\xc1", b"\x90", b"\x81\xa1a\x01", b"\x81\x01\xc4\x00", b"\x91" * 100_000):
        with pytest.raises(StaleScanError):
            decode_entries(data)


def test_half_of_a_surrogate_pair_cannot_be_encoded() -> None:
    with pytest.raises(UnencodableScanError):
        encode(Scan(unread=(Unread("a.yaml", 1, "template", "\ud800"),)))


def test_the_key_has_all_that_a_scan_depends_on() -> None:
    plain = options_key(ScanOptions())
    extra = options_key(ScanOptions(fields=(ExtraField(kind="A", path="b"),)))
    keys = {
        scan_key("1", "a.yaml", plain),
        scan_key("2", "a.yaml", plain),
        scan_key("1", "b.yaml", plain),
        scan_key("1", "a.yaml", extra),
        scan_key("1", "a.yaml", options_key(ScanOptions(chart=True))),
    }
    assert len(keys) == 5
