"""Scans as bytes, to keep them or to send them to another process.

The meaning of bytes depends on where they are, so a scan is kept by its blob, its path and what the
configuration adds. Whoever keeps scans also records which version of the reader made them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ScanOptions

if TYPE_CHECKING:
    from msgspec import msgpack

T = TypeVar("T")

_NOTHING = Scan()


class StaleScanError(Exception):
    """The bytes are not an encoded scan."""


class UnencodableScanError(Exception):
    """The scan has text that cannot be encoded: half of a surrogate pair."""


def prepare(*kinds: type) -> None:
    """Import the codec now, and make it for scans and `kinds`, before processes fork or threads
    start: otherwise the first scan does it.

    Two threads at once that let msgspec look at a dataclass for the first time can end the
    process: one uses what the other has not finished.
    """
    _encoder()
    for kind in (Scan, *kinds):
        _decoder_of(kind)


def options_key(options: ScanOptions) -> str:
    """Stands for everything besides bytes and path that a scan depends on."""
    return hashlib.sha256(repr(options).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def scan_key(blob: str, path: str, options: str) -> str:
    """The key of a scan; `options` is an `options_key`, `blob` a Git blob id or another hash."""
    return f"{blob} {options} {path}"


def encode(scan: Scan) -> bytes:
    """A scan as MessagePack; b"" for an empty scan. Raises UnencodableScanError."""
    if scan == _NOTHING:
        return b""
    try:
        return _encoder().encode(scan)
    except UnicodeEncodeError as error:
        raise UnencodableScanError from error


def decode(data: bytes) -> Scan:
    """The scan that was encoded, with the types of all its values checked. Raises StaleScanError.

    Damage that leaves valid values cannot be found here: a checksum must cover kept bytes.
    """
    if not data:
        return _NOTHING
    try:
        scan: Scan = _decoder_of(Scan).decode(data)
    except (ValueError, RecursionError) as error:
        raise StaleScanError from error
    return scan


def encode_entries(entries: Mapping[str, bytes]) -> bytes:
    """Encoded scans by their keys, as the content of one file."""
    return _encoder().encode(entries)


def decode_entries(data: bytes | memoryview) -> dict[str, bytes]:
    """The entries that were encoded. Raises StaleScanError."""
    from msgspec import msgpack

    try:
        return msgpack.decode(data, type=dict[str, bytes])
    except (ValueError, RecursionError) as error:
        raise StaleScanError from error


def encode_value(value: object) -> bytes:
    """A dataclass of scanned values as MessagePack. Raises UnencodableScanError."""
    try:
        return _encoder().encode(value)
    except UnicodeEncodeError as error:
        raise UnencodableScanError from error


def decode_value(data: bytes | memoryview, kind: type[T]) -> T:
    """The value that was encoded, with all types checked, as in `decode`. Raises StaleScanError."""
    asked: Any = kind
    try:
        value: T = _decoder_of(asked).decode(data)
    except (ValueError, RecursionError) as error:
        raise StaleScanError from error
    return value


@functools.cache
def _encoder() -> msgpack.Encoder:
    # Imported here, so that commands that read no manifests do not wait for it.
    from msgspec import msgpack

    return msgpack.Encoder()


@functools.cache
def _decoder_of(kind: Any) -> msgpack.Decoder[Any]:
    from msgspec import msgpack

    return msgpack.Decoder(kind)
