"""Keeps scans between passes in one file. Deleting it changes nothing but speed.

A checksum covers the file: a damaged cache is scanned again, never believed.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path

from imagebot import __version__
from imagebot.files.atomic import write_whole
from imagebot.manifest.cache import (
    StaleScanError,
    UnencodableScanError,
    decode,
    decode_entries,
    encode,
    encode_entries,
)
from imagebot.manifest.images.field import Scan
from imagebot.values import dataclass

_FORMAT = b"imagebot-scans-3"
# The code that decides what a scan finds: changed code may find something else in the same bytes.
_READERS = ("manifest/**/*.py", "reference.py", "glob.py")
_MAX_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class ScanCache:
    """Encoded scans by `scan_key`. Saving drops those that were not asked for since the last time.

    `reader` is the version of the code that made them.
    """

    path: Path
    reader: str
    entries: dict[str, bytes] = field(default_factory=dict)
    used: dict[str, bytes] = field(default_factory=dict)
    changed: bool = False
    _decoded: dict[str, Scan] = field(default_factory=dict)

    def find(self, keys: Mapping[str, str]) -> dict[str, Scan]:
        """The kept scans of files, by path; `keys` has the key of each path."""
        scans: dict[str, Scan] = {}
        for path, key in keys.items():
            data = self.entries.get(key)
            if data is None:
                continue
            scan = self._decoded.get(key)
            if scan is None:
                try:
                    scan = decode(data)
                except StaleScanError:
                    continue
                self._decoded[key] = scan
            scans[path] = scan
            self.used[key] = data
        return scans

    def put(self, key: str, scan: Scan, encoded: bytes | None = None) -> None:
        """Keep a scan, which may be `encoded` already."""
        try:
            data = encode(scan) if encoded is None else encoded
        except UnencodableScanError:
            return
        self.entries[key] = self.used[key] = data
        self._decoded[key] = scan
        self.changed = True

    def save(self) -> None:
        """Replace the file, if anything has changed.

        A cache that cannot be written is not an error: the next pass is slower.
        """
        if self.changed or len(self.used) != len(self.entries):
            write_kept(self.path, _FORMAT, self.reader, encode_entries(self.used))
        self.entries, self.used, self.changed = self.used, {}, False


@dataclass(slots=True)
class KeptScans:
    """The cache at a path, which is read once, when it is first needed."""

    path: Path
    _cache: ScanCache | None = None

    def cache(self) -> ScanCache:
        if self._cache is None:
            self._cache = load_scan_cache(self.path)
        return self._cache


def first_line(kind: bytes, key: str, body: bytes | memoryview) -> bytes:
    """What a kept file begins with; `kind` is its format, `key` what the body was made from."""
    checksum = hashlib.sha256(body).hexdigest()
    return b"%s %s %s\n" % (kind, key.encode(), checksum.encode())


def read_kept(path: Path, kind: bytes, key: str) -> memoryview | None:
    """The body of a kept file; None if it is missing, damaged, or has another first line."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        content = memoryview(path.read_bytes())
    except OSError:
        return None
    length = len(first_line(kind, key, b""))
    body = content[length:]
    return body if content[:length] == first_line(kind, key, body) else None


def write_kept(path: Path, kind: bytes, key: str, body: bytes) -> None:
    """Replace a kept file. One that cannot be written is no error: the next pass is slower."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, first_line(kind, key, body) + body)
    except OSError:
        return


def load_scan_cache(path: Path) -> ScanCache:
    """The cache at `path`; an empty one if that is missing, damaged or made by another reader."""
    reader = reader_version(Path(__file__).parent.parent)
    empty = ScanCache(path, reader)
    body = read_kept(path, _FORMAT, reader)
    if body is None:
        return empty
    try:
        return ScanCache(path, reader, decode_entries(body))
    except StaleScanError:
        return empty


@functools.cache
def reader_version(package: Path, readers: tuple[str, ...] = _READERS) -> str:
    """Stands for the code in `package` that reads manifests, and for the parser it uses."""
    # Importing the parser would take longer than the rest of a pass that does not need it.
    parser = find_spec("_ruamel_yaml") is not None
    version = hashlib.sha256(f"{__version__} {parser}".encode())
    for pattern in readers:
        for source in sorted(package.glob(pattern)):
            version.update(source.read_bytes())
    return version.hexdigest()[:16]
