from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from imagebot.manifest.images.field import Scan, Unread
from imagebot.manifest.scan import scan
from imagebot.scan.cache import load_scan_cache, reader_version


def test_a_cache_gives_back_what_was_put_and_forgets_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "scans.json"
    cache = load_scan_cache(path)
    found = scan("a.yaml", b"image: app:1.0\n")
    assert cache.find({"a.yaml": "one"}) == {}
    cache.put("one", found)
    cache.put("two", Scan())
    assert cache.find({"a.yaml": "one"}) == {"a.yaml": found}
    cache.save()
    cache = load_scan_cache(path)
    assert cache.find({"a.yaml": "one"}) == {"a.yaml": found}
    cache.save()
    cache = load_scan_cache(path)
    assert cache.find({"b.yaml": "two"}) == {}
    assert cache.find({"a.yaml": "one"}) == {"a.yaml": found}


def test_each_save_keeps_what_was_asked_for_since_the_last(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    cache = load_scan_cache(path)
    found = scan("a.yaml", b"image: app:1.0\n")
    for key in ("one", "two"):
        cache.put(key, found)
    cache.save()
    assert cache.find({"a.yaml": "two"}) == {"a.yaml": found}
    cache.put("three", found)
    cache.save()
    assert load_scan_cache(path).entries.keys() == {"two", "three"}
    assert cache.find({"a.yaml": "one"}) == {}


def saved(path: Path) -> bytes:
    """A small cache file: one scan with an image field and a marker, and one that is empty."""
    cache = load_scan_cache(path)
    cache.put("one", scan("a.yaml", b"image: app:1.0@sha256:" + b"ab" * 32 + b" # imagebot: x\n"))
    cache.put("two", Scan())
    cache.save()
    return path.read_bytes()


def test_a_flipped_byte_at_any_position_makes_an_empty_cache(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    content = saved(path)
    assert load_scan_cache(path).entries.keys() == {"one", "two"}
    for position in range(len(content)):
        for bits in (0x01, 0x20, 0xFF):
            flipped = bytearray(content)
            flipped[position] ^= bits
            path.write_bytes(flipped)
            assert load_scan_cache(path).entries == {}, (position, bits)


def test_a_truncated_or_longer_cache_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    content = saved(path)
    for other in (*(content[:length] for length in range(len(content))), content + b"\n"):
        path.write_bytes(other)
        assert load_scan_cache(path).entries == {}, len(other)


@pytest.mark.parametrize(
    "body", [b"", b"\x90", b"\xc1", b"[]", b"\x81\xa1a\x01", b"\x91" * 100_000]
)
def test_other_types_after_a_right_checksum_are_not_used(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "scans"
    head = saved(path).split()[:2]
    checksum = hashlib.sha256(body).hexdigest().encode()
    path.write_bytes(b" ".join([*head, checksum]) + b"\n" + body)
    assert load_scan_cache(path).entries == {}


def test_another_version_of_the_format_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    content = saved(path)
    assert content.startswith(b"imagebot-scans-3 ")
    path.write_bytes(content.replace(b"scans-3 ", b"scans-4 ", 1))
    assert load_scan_cache(path).entries == {}


def test_a_damaged_cache_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    content = saved(path)
    path.write_bytes(content.replace(b"1.0", b"9.0"))
    assert saved(path) == content


def test_an_entry_that_is_not_a_scan_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "scans"
    cache = load_scan_cache(path)
    cache.entries |= {"one": b"\x91\x01", "two": b"x", "three": b""}
    assert cache.find({"a.yaml": "one"}) == {}
    assert cache.find({"a.yaml": "two"}) == {}
    assert cache.find({"a.yaml": "three"}) == {"a.yaml": Scan()}


def test_a_scan_that_cannot_be_encoded_is_not_kept(tmp_path: Path) -> None:
    cache = load_scan_cache(tmp_path / "scans")
    cache.put("one", Scan(unread=(Unread("a.yaml", 1, "template", "\ud800"),)))
    assert cache.find({"a.yaml": "one"}) == {}
    cache.save()


def test_a_cache_that_cannot_be_written_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = load_scan_cache(tmp_path / "file" / "scans.json")
    cache.put("one", Scan())
    cache.save()


def test_what_another_reader_has_found_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "scans.json"
    cache = load_scan_cache(path)
    cache.reader = "another"
    cache.put("one", Scan())
    cache.save()
    assert load_scan_cache(path).entries == {}
    assert load_scan_cache(path).reader != "another"


@pytest.mark.parametrize("changed", ["manifest/scan.py", "reference.py", "manifest/format/helm.py"])
def test_a_reader_is_another_when_its_code_is(tmp_path: Path, changed: str) -> None:
    versions = []
    for number in range(2):
        package = tmp_path / str(number)
        (package / "manifest/format").mkdir(parents=True)
        for name in ("manifest/scan.py", "reference.py", "manifest/format/helm.py"):
            (package / name).write_text(str(number) if name == changed else "")
        versions.append(reader_version(package))
    assert versions[0] != versions[1]
