"""What a commit holds: git's listings of it, as they are kept between passes. Pure.

A listing is the output of `git ls-tree -r -t -z`, `mode SP type SP id TAB path NUL` again and
again, with paths as they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TypeAlias

from imagebot.git.tree import LINK, ODD_NAME, TreeFile, TreeOther
from imagebot.values import dataclass

# All of one length.
_PLAIN, _EXECUTABLE, _FOLDER = "100644 blob ", "100755 blob ", "040000 tree "
_FILES = (_PLAIN, _EXECUTABLE)
_FILES_AS_BYTES = (_PLAIN.encode(), _EXECUTABLE.encode())
_USUAL = (*_FILES, _FOLDER)
_LINK = "120000"
_REASONS = {_LINK: LINK, "160000": "it is a submodule"}
_TYPES = {b"040000": b"tree", b"160000": b"commit"}
_NOTHING = b"000000"
# So many changes are put into a list without taking it apart.
_FEW = 64
# What stands for a byte that is not of UTF-8.
_ESCAPED_RE = re.compile("[\udc80-\udcff]")
_TAB = ord("\t")
_AFTER_SLASH = bytes([ord("/") + 1])

Place: TypeAlias = tuple[int, int]
"""Where a record begins and ends in a listing, without its NUL."""


@dataclass(frozen=True)
class CommitTree:
    """What a commit holds, in git's order, read from its `listing` when it is asked for.

    Most passes look for a single file.
    """

    listing: bytes = field(repr=False)

    @property
    def files(self) -> tuple[TreeFile, ...]:
        """Every ordinary file."""
        return tuple(TreeFile(path, self._mode(path), blob) for path, blob in self.blobs.items())

    @cached_property
    def blobs(self) -> Mapping[str, str]:
        """The ids of ordinary files by their paths."""
        return self._ids(_FILES)

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """The ids of the trees below the first, by their paths."""
        return self._ids((_FOLDER,))

    def _ids(self, kinds: tuple[str, ...]) -> Mapping[str, str]:
        start, at = self._places
        return {
            record[at:]: record[start : at - 1]
            for record in self._records
            if record.startswith(kinds)
        }

    @cached_property
    def others(self) -> tuple[TreeOther, ...]:
        """Links, submodules, and files with names that are not UTF-8."""
        others = [record for record in self._records if not record.startswith(_USUAL)]
        return (*map(_other, others), *map(_odd, self._odd_records))

    def blob(self, path: str) -> str | None:
        """The id of the ordinary file at `path`."""
        found = self.find(path)
        return found.blob if found else None

    def find(self, path: str) -> TreeFile | None:
        """The ordinary file at `path`."""
        found = find_record(self.listing, path.encode("utf-8", "surrogatepass"))
        if found is None or not self.listing.startswith(_FILES_AS_BYTES, found[0]):
            return None
        mode, _, blob = self.listing[slice(*found)].partition(b"\t")[0].decode().split(" ")
        return TreeFile(path, mode, blob)

    def folders_of(self, path: str) -> Iterator[str]:
        """The ids of the trees that lead to a file of the commit, the first apart."""
        while path := path.rpartition("/")[0]:
            found = find_record(self.listing, path.encode("utf-8", "surrogatepass"))
            assert found is not None
            yield self.listing[slice(*found)].partition(b"\t")[0].rpartition(b" ")[2].decode()

    def folders_above(self, paths: Iterable[str]) -> set[str]:
        """The ids of the trees that lead to any of these files, the first apart."""
        one_of_each = {path.rpartition("/")[0]: path for path in paths}
        return {oid for path in one_of_each.values() for oid in self.folders_of(path)}

    def _mode(self, path: str) -> str:
        return "100755" if path in self._executable else "100644"

    @cached_property
    def _executable(self) -> frozenset[str]:
        if _EXECUTABLE.encode() not in self.listing:
            return frozenset()
        _, at = self._places
        return frozenset(each[at:] for each in self._records if each.startswith(_EXECUTABLE))

    @cached_property
    def _places(self) -> tuple[int, int]:
        """Where the ids of files and folders and their paths begin in a record.

        Slices at fixed places take a third of the time that searches do: lists are long.
        """
        start = len(_PLAIN)
        return start, start + _id_length(self.listing) + 1

    @property
    def _records(self) -> list[str]:
        return self._split[0]

    @property
    def _odd_records(self) -> list[str]:
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[list[str], list[str]]:
        """The records, and apart from them those whose path is not UTF-8."""
        try:
            return self.listing.decode().split("\0")[:-1], []
        except UnicodeDecodeError:
            every = self.listing.decode("utf-8", "surrogateescape").split("\0")[:-1]
            odd = [record for record in every if _is_odd(record)]
            return [record for record in every if not _is_odd(record)], odd


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of `git diff-tree -r -t -z --raw`."""

    path: bytes
    mode: bytes
    oid: bytes
    earlier: bytes

    @property
    def record(self) -> bytes:
        return b"%s %s %s\t%s" % (self.mode, _TYPES.get(self.mode, b"blob"), self.oid, self.path)


def _id_length(listing: bytes) -> int:
    return len(listing.partition(b"\t")[0].rpartition(b" ")[2])


def _is_odd(record: str) -> bool:
    """Whether it is an entry, other than a tree, whose path is not UTF-8."""
    return not record.startswith(_FOLDER) and _ESCAPED_RE.search(record) is not None


def _odd(record: str) -> TreeOther:
    path = record.partition("\t")[2].encode("utf-8", "surrogateescape")
    return TreeOther(path.decode("utf-8", "backslashreplace"), ODD_NAME)


def _other(record: str) -> TreeOther:
    head, _, path = record.partition("\t")
    mode, _, oid = head.split(" ")
    reason = _REASONS.get(mode, f"it has mode {mode}")
    return TreeOther(path, reason, oid if mode == _LINK else "")


def changed_trees(diff: bytes) -> tuple[str, ...]:
    """The ids of the trees that `git diff-tree -r -t -z --raw` has read, the first two apart."""
    found: dict[str, None] = {}
    for record in diff.split(b"\0")[::2]:
        if record:
            old, new, earlier, oid, _ = record.removeprefix(b":").split(b" ")
            pairs = ((old, earlier), (new, oid))
            found.update((each.decode(), None) for mode, each in pairs if mode == b"040000")
    return tuple(found)


def apply_diff(listing: bytes, diff: bytes) -> bytes:
    """The listing of the second commit: `listing` is that of the first, and `diff` what `git
    diff-tree -r -t -z --raw` says of the two.

    Raises ValueError when the two do not belong together.
    """
    entries = list(_entries(diff))
    if len(entries) <= _FEW and (spliced := _splice(listing, entries)) is not None:
        return spliced
    records = records_of(listing)
    # Where a folder has taken the place of a file there are two entries of the path.
    for entry in entries:
        if entry.mode == _NOTHING and records.pop(entry.path, None) is None:
            raise ValueError(f"{entry.path!r} is not listed")
    before = len(records)
    records.update((entry.path, entry.record) for entry in entries if entry.mode != _NOTHING)
    if len(records) != before:
        records = dict(sorted(records.items(), key=_order))
    return b"\0".join((*records.values(), b"")) if records else b""


def _splice(listing: bytes, entries: Sequence[_Entry]) -> bytes | None:
    """The listing with other records for paths that it has; None where more than that has changed.

    Both are in git's order, so that a long list is read once, and not taken apart.
    """
    changes: dict[Place, bytes] = {}
    for entry in entries:
        found = find_record(listing, entry.path)
        if found is None or entry.mode == _NOTHING:
            return None
        if is_folder(listing[slice(*found)]) != is_folder(entry.record):
            return None
        changes[found] = entry.record
    return with_records(listing, changes)


def with_records(listing: bytes, changes: Mapping[Place, bytes]) -> bytes:
    """The listing with other records in some places."""
    parts: list[bytes] = []
    at = 0
    for begin, end in sorted(changes):
        parts += (listing[at:begin], changes[begin, end])
        at = end
    return b"".join((*parts, listing[at:]))


def find_record(listing: bytes, path: bytes) -> Place | None:
    """Where the record of a path is."""
    # A folder is further down than a file of the same name.
    for key in (path, path + b"/"):
        place = _place(listing, _first_from(listing, key))
        if place and _path(listing[slice(*place)]) == path:
            return place
    return _search(listing, path)


def _search(listing: bytes, path: bytes) -> Place | None:
    """As `find_record`, also where whoever made the tree did not keep git's order."""
    name = b"\t%s\0" % path
    found = listing.find(name)
    while found >= 0:
        begin = listing.rfind(b"\0", 0, found) + 1
        # Names may have tabs, too.
        if listing.find(b"\t", begin) == found:
            return begin, found + len(name) - 1
        found = listing.find(name, found + 1)
    return None


def records_in(listing: bytes, folder: bytes) -> Iterator[tuple[Place, bytes, bytes]]:
    """The place, the path and the record of everything that is right in a folder; "" is the first.

    What is in a folder stands behind it, so that folders within are stepped over.
    """
    at = _first_from(listing, folder + b"/") if folder else 0
    if folder and (itself := _place(listing, at)):
        at = itself[1] + 1
    prefix = folder + b"/" if folder else b""
    while (place := _place(listing, at)) is not None:
        record = listing[slice(*place)]
        path = _path(record)
        if not path.startswith(prefix):
            return
        yield place, path, record
        at = _first_from(listing, path + _AFTER_SLASH, at) if is_folder(record) else place[1] + 1


def _first_from(listing: bytes, key: bytes, low: int = 0) -> int:
    """Where the first record begins that is not before `key` in git's order."""
    high = len(listing)
    while low < high:
        middle = (low + high) // 2
        begin = listing.rfind(b"\0", low, middle) + 1 or low
        end = listing.index(b"\0", middle)
        record = listing[begin:end]
        if _order((_path(record), record)) < key:
            low = end + 1
        else:
            high = begin
    return low


def _place(listing: bytes, begin: int) -> Place | None:
    """The place of the record that begins there; None at the end."""
    return (begin, listing.index(b"\0", begin)) if begin < len(listing) else None


def _path(record: bytes) -> bytes:
    # Names may have tabs, too.
    return record.partition(b"\t")[2]


def records_of(listing: bytes) -> dict[bytes, bytes]:
    """Each record of a listing by its path, in git's order."""
    at = len(_PLAIN) + _id_length(listing) + 1
    return {
        record[at:] if record[at - 1] == _TAB else record.partition(b"\t")[2]: record
        for record in listing.split(b"\0")[:-1]
    }


def is_folder(record: bytes) -> bool:
    return record.startswith(b"040000")


def _entries(diff: bytes) -> Iterator[_Entry]:
    words = diff.split(b"\0")
    for record, path in zip(words[::2], words[1::2], strict=False):
        _, mode, earlier, oid, _ = record.removeprefix(b":").split(b" ")
        yield _Entry(path, mode, oid, earlier)


def _order(item: tuple[bytes, bytes]) -> bytes:
    """As git sorts: a tree as if its name ended with a slash."""
    path, record = item
    return path + b"/" if is_folder(record) else path
