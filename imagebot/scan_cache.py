"""Keeps scans between passes in one file. Deleting it changes nothing but speed."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebot.manifest.cache import StaleScanError, decode, encode
from imagebot.manifest.field import Scan

_FORMAT = "imagebot-scans-1"
_MAX_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class ScanCache:
    """Scans by `scan_key`. What a pass has not asked for is forgotten when it is saved."""

    path: Path
    entries: dict[str, Any] = field(default_factory=dict)
    used: dict[str, Any] = field(default_factory=dict)
    changed: bool = False

    def get(self, key: str, path: str) -> Scan | None:
        """The kept scan of the file at `path`, None when there is none."""
        plain = self.used.get(key)
        if plain is None:
            plain = self.entries.get(key)
            if not isinstance(plain, list):
                return None
        try:
            scan = decode(plain, path)
        except StaleScanError:
            return None
        self.used[key] = plain
        return scan

    def put(self, key: str, scan: Scan) -> None:
        self.used[key] = encode(scan)
        self.changed = True

    def save(self) -> None:
        """Write the file anew, if there is anything to write.

        A cache that cannot be written is no error: the next pass is slower.
        """
        if not self.changed and len(self.used) == len(self.entries):
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = json.dumps([_FORMAT, self.used], separators=(",", ":"))
            descriptor, name = tempfile.mkstemp(prefix=".scans-", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    file.write(text)
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError:
            return


def load_scan_cache(path: Path) -> ScanCache:
    """The cache at `path`; an empty one when it is not there or not readable."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return ScanCache(path)
        content = json.loads(path.read_bytes())
        form, entries = content
    except (OSError, ValueError, TypeError, RecursionError):
        return ScanCache(path)
    if form != _FORMAT or not isinstance(entries, dict):
        return ScanCache(path)
    return ScanCache(path, entries)
