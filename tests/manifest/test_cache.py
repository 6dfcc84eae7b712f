from __future__ import annotations

import json
from typing import Any

import pytest

from imagebot.manifest.cache import StaleScanError, decode, encode, options_key, scan_key
from imagebot.manifest.images.field import Scan
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
