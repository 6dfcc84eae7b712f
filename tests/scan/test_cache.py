from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.manifest.images.field import Scan
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


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1,2]", b'["imagebot-scans-2","x",{}]', b"[" * 100_000, b"\xff"]
)
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scans.json"
    path.write_bytes(content)
    assert load_scan_cache(path).entries == {}


def test_a_broken_entry_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "scans.json"
    cache = load_scan_cache(path)
    cache.entries |= {"one": [1], "two": "x", "three": []}
    assert cache.find({"a.yaml": "one"}) == {}
    assert cache.find({"a.yaml": "two"}) == {}
    assert cache.find({"a.yaml": "three"}) == {"a.yaml": Scan()}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
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
