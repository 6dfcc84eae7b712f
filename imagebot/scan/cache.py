"""Keeps scans between passes in one file. Deleting it changes nothing but speed."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imagebot import __version__
from imagebot.files.atomic import write_whole
from imagebot.manifest.cache import StaleScanError, decode, encode
from imagebot.manifest.images.field import Scan

_FORMAT = "imagebot-scans-2"
# What decides about what a scan finds: changed, it makes other scans of the same bytes.
_READERS = ("manifest/**/*.py", "reference.py", "glob.py")
_MAX_BYTES = 256 * 1024 * 1024
_NOTHING = Scan()


@dataclass(slots=True)
class ScanCache:
    """Scans by `scan_key`. What a pass has not asked for is forgotten when it is saved.

    `reader` is the version of what made them.
    """

    path: Path
    reader: str
    entries: dict[str, Any] = field(default_factory=dict)
    used: dict[str, Any] = field(default_factory=dict)
    changed: bool = False

    def find(self, keys: Mapping[str, str]) -> dict[str, Scan]:
        """The kept scans of files, by path; `keys` has the key of each path."""
        found: dict[str, Scan] = {}
        for path, key in keys.items():
            plain = self.entries.get(key)
            if not isinstance(plain, list):
                continue
            try:
                found[path] = decode(plain, path) if plain else _NOTHING
            except StaleScanError:
                continue
            self.used[key] = plain
        return found

    def put(self, key: str, scan: Scan) -> None:
        self.entries[key] = self.used[key] = encode(scan)
        self.changed = True

    def save(self) -> None:
        """Write the file anew, if there is anything to write.

        A cache that cannot be written is no error: the next pass is slower.
        """
        if not self.changed and len(self.used) == len(self.entries):
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = json.dumps([_FORMAT, self.reader, self.used], separators=(",", ":"))
            write_whole(self.path, text.encode("ascii"))
        except OSError:
            return


def load_scan_cache(path: Path) -> ScanCache:
    """The cache at `path`; an empty one when it is not there, not readable, or another reader's."""
    reader = reader_version(Path(__file__).parent.parent)
    nothing = ScanCache(path, reader)
    try:
        if path.stat().st_size > _MAX_BYTES:
            return nothing
        content = json.loads(path.read_bytes())
        form, made_by, entries = content
    except (OSError, ValueError, TypeError, RecursionError):
        return nothing
    if form != _FORMAT or made_by != reader or not isinstance(entries, dict):
        return nothing
    return ScanCache(path, reader, entries)


@functools.cache
def reader_version(package: Path) -> str:
    """Stands for the code of `package` that reads manifests, and the parser that it has."""
    # Importing the parser would cost more than all the rest of a pass that needs none.
    parser = find_spec("_ruamel_yaml") is not None
    version = hashlib.sha256(f"{__version__} {parser}".encode())
    for pattern in _READERS:
        for source in sorted(package.glob(pattern)):
            version.update(source.read_bytes())
    return version.hexdigest()[:16]
