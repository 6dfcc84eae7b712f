from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imagebot.manifest.cache import StaleScanError, decode, encode, options_key, scan_key
from imagebot.manifest.field import Scan
from imagebot.manifest.options import ExtraField, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.scan_cache import load_scan_cache
from tests.manifest.test_golden import CASES, load, options_of


def every_scan() -> list[tuple[str, bytes, ScanOptions, Scan]]:
    found = []
    for case in CASES:
        meta, data = load(case)
        options = options_of(meta)
        found.append((meta["path"], data, options, scan(meta["path"], data, options)))
    return found


def test_every_scan_survives() -> None:
    for path, _, _, found in every_scan():
        plain = json.loads(json.dumps(encode(found)))
        assert decode(plain, path) == found


def test_what_is_no_scan_is_stale() -> None:
    broken: list[list[Any]] = [["x"], [[["x"]], [], [], []], [[], [], [], [[]]], [1, 2, 3, 4]]
    for plain in broken:
        with pytest.raises(StaleScanError):
            decode(plain, "a.yaml")


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


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1,2]", b'["imagebot-scans-1",[]]', b"[" * 100_000, b"\xff"]
)
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scans.json"
    path.write_bytes(content)
    assert load_scan_cache(path).entries == {}


def test_a_broken_entry_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "scans.json"
    path.write_text('["imagebot-scans-1",{"one":[1],"two":"x","three":[]}]')
    cache = load_scan_cache(path)
    assert cache.find({"a.yaml": "one"}) == {}
    assert cache.find({"a.yaml": "two"}) == {}
    assert cache.find({"a.yaml": "three"}) == {"a.yaml": Scan()}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = load_scan_cache(tmp_path / "file" / "scans.json")
    cache.put("one", Scan())
    cache.save()
