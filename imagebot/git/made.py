"""A commit that was made here: how git makes it, and what it holds, known without git. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imagebot.git.listing import is_folder, records_of
from imagebot.git.tree import (
    Committer,
    TreeFile,
    blob_id,
    commit_stream,
    commit_text,
    object_id,
)
from imagebot.values import dataclass

MAKE = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw")
"""Makes the commit of a stream, and prints its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCommit:
    """A commit on `base` that puts new bytes into some of its files, by `committer`.

    `ref` is the one that git makes it with, and deletes again.
    """

    base: str
    files: tuple[tuple[TreeFile, bytes], ...]
    message: str
    committer: Committer
    ref: str

    @property
    def stream(self) -> bytes:
        """What `git fast-import` makes it from."""
        return commit_stream(
            ref=self.ref,
            base=self.base,
            files=self.files,
            message=self.message,
            committer=self.committer,
        )

    @property
    def contents(self) -> Mapping[str, bytes]:
        """The new bytes of each file."""
        return {file.path: data for file, data in self.files}

    def listing(self, listing: bytes, commit: str) -> bytes | None:
        """What the commit holds, where `listing` is proven to be what its base holds.

        The id proves what is new: None where git has another than what is worked out here.
        """
        records = records_of(listing)
        changed = {file.path.encode() for file, _ in self.files}
        folders = _folders_of(changed)
        if not changed | folders <= records.keys():
            return None
        for file, data in self.files:
            path = file.path.encode()
            oid = blob_id(data, commit).encode()
            records[path] = b"%s blob %s\t%s" % (file.mode.encode(), oid, path)
        root = _new_trees(records, folders, commit)
        text = commit_text(root, self.base, self.message, self.committer)
        if object_id(b"commit", text, commit) != commit:
            return None
        return b"\0".join((*records.values(), b""))


def bases_of(commit: str, made: Mapping[str, MadeCommit]) -> frozenset[str]:
    """The commits on which `commit` was made, one on the other; `made` has those by their ids."""
    bases: set[str] = set()
    while (one := made.get(commit)) and one.base not in bases:
        bases.add(one.base)
        commit = one.base
    return frozenset(bases)


def _folders_of(paths: Iterable[bytes]) -> set[bytes]:
    """The folders that lead to files, the first apart."""
    folders: set[bytes] = set()
    for path in paths:
        while path := path.rpartition(b"/")[0]:
            folders.add(path)
    return folders


def _new_trees(records: dict[bytes, bytes], folders: set[bytes], like: str) -> str:
    """Puts the new ids of `folders`, in which something has changed, into `records`; the id of the
    first tree."""
    paths = list(records)
    places = {path: number for number, path in enumerate(paths)}
    oid = ""
    # Those within others first, and the first tree last.
    for folder in (*sorted(folders, key=lambda path: path.count(b"/"), reverse=True), b""):
        members = _members(paths, folder, places[folder] + 1 if folder else 0)
        content = b"".join(_entry(path, records[path]) for path in members)
        oid = object_id(b"tree", content, like)
        if folder:
            records[folder] = b"040000 tree %s\t%s" % (oid.encode(), folder)
    return oid


def _members(paths: Sequence[bytes], folder: bytes, at: int) -> list[bytes]:
    """The paths right in a folder: what is below it stands together, from `at` on."""
    if not folder:
        return [path for path in paths if b"/" not in path]
    prefix, found = folder + b"/", []
    for number in range(at, len(paths)):
        path = paths[number]
        if not path.startswith(prefix):
            break
        if b"/" not in path[len(prefix) :]:
            found.append(path)
    return found


def _entry(path: bytes, record: bytes) -> bytes:
    """An entry of a tree as git stores it: `mode SP name NUL id`, where a tree has a short mode."""
    mode, _, oid = record.partition(b"\t")[0].split(b" ")
    name = path.rpartition(b"/")[2]
    return b"%s %s\0%s" % (
        mode[1:] if is_folder(record) else mode,
        name,
        bytes.fromhex(oid.decode()),
    )
