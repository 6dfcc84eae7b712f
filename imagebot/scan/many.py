"""Reads and scans many files, with a second process if that is faster."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeAlias

from imagebot.errors import FolderError, ImagebotError, ManifestError
from imagebot.manifest import cache
from imagebot.manifest.images.field import Scan, Unread
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml import events
from imagebot.parallel.processes import map_forked, usable_processes

Content: TypeAlias = bytes | ImagebotError
Read: TypeAlias = Callable[[Sequence[str]], Iterator[tuple[str, Content]]]
Options: TypeAlias = Callable[[str], ScanOptions]
Packed: TypeAlias = bytes | Scan
"""A scan as another process sends it: pickling one takes longer than encoding it."""

# Starting processes costs as much as reading so many files, or scanning so many bytes.
_WORTH_FILES = 400
_WORTH_BYTES = 2 * 1024 * 1024
_CHUNK = 256
# What a process reads and scans at a time; a source starts git for each.
_FORKED_CHUNK = 512
# So many files are dealt to a process in turn: rarely a multiple of those in a folder.
_HAND = 7
_NOTHING = Scan()
_log = logging.getLogger(__name__)


def scan_many(
    paths: Sequence[str], read: Read, options: Options, *, processes: int | None = None
) -> Iterator[tuple[str, Scan]]:
    """The scan of each of `paths`, in their order; `processes` None means as many as allowed.

    `read` gives the content of some of the paths, in their order. It may be called in a forked
    process. A file that cannot be read gets a scan with an unread entry.
    """
    for path, found in packed_many(paths, read, options, processes=processes):
        yield path, unpacked(found)


def packed_many(
    paths: Sequence[str], read: Read, options: Options, *, processes: int | None = None
) -> Iterator[tuple[str, Packed]]:
    """As `scan_many`; scans of other processes as these have encoded them."""
    say_if_slow()
    size = 0
    for at in range(0, len(paths), _CHUNK):
        if len(paths) - at > _WORTH_FILES or size > _WORTH_BYTES:
            processes = usable_processes() if processes is None else processes
            if processes > 1:
                yield from _scan_forked(paths[at:], read, options, processes)
                return
        for path, content in read(paths[at : at + _CHUNK]):
            size += len(content) if isinstance(content, bytes) else 0
            yield path, _scan(path, content, options)


@functools.cache
def say_if_slow() -> None:
    """Warn once where the parser in C is missing."""
    if not events.has_c_parser():
        _log.warning(
            "libyaml is missing, so manifests are read about 20 times slower: "
            "install ruamel.yaml.clib"
        )


def _scan(path: str, content: Content, options: Options) -> Scan:
    if isinstance(content, FolderError):
        unread = Unread(path, 0, content.code, content.reason, content.expected)
        return Scan(unread=(unread,))
    if isinstance(content, ManifestError):
        return Scan(unread=(Unread(path, content.line, content.code, content.reason),))
    if isinstance(content, ImagebotError):
        return Scan(unread=(Unread(path, 0, content.code, content.message),))
    return scan(path, content, options(path))


def _scan_forked(
    paths: Sequence[str], read: Read, options: Options, processes: int
) -> Iterator[tuple[str, Packed]]:
    def work(part: Sequence[str]) -> dict[str, Packed]:
        return packed_scans(read(part), options)

    # Imported once, before the processes fork.
    events.prepare()
    cache.prepare()
    size = processes * min(_FORKED_CHUNK, max(1, len(paths) // (4 * processes)))
    chunks = [paths[at : at + size] for at in range(0, len(paths), size)]
    shares = [share for chunk in chunks for share in _dealt(chunk, processes)]
    results = map_forked(work, shares, processes=processes)
    for chunk in chunks:
        scans = dict(chain.from_iterable(each.items() for each in islice(results, processes)))
        for path in chunk:
            yield path, scans.get(path, _NOTHING)


def _dealt(paths: Sequence[str], processes: int) -> list[list[str]]:
    """The share of each process: every other few files, as those that take long stand together."""
    shares: list[list[str]] = [[] for _ in range(processes)]
    for number, at in enumerate(range(0, len(paths), _HAND)):
        shares[number % processes] += paths[at : at + _HAND]
    return shares


def packed_scans(contents: Iterable[tuple[str, Content]], options: Options) -> dict[str, Packed]:
    """The scans of files, as far as there is anything in them, for another process."""
    scans = ((path, _scan(path, content, options)) for path, content in contents)
    return {path: _packed(scan) for path, scan in scans if scan != _NOTHING}


def _packed(scan: Scan) -> Packed:
    try:
        return cache.encode(scan)
    except cache.UnencodableScanError:
        return scan


def unpacked(scan: Packed) -> Scan:
    """A scan that another process made."""
    return cache.decode(scan) if isinstance(scan, bytes) else scan
