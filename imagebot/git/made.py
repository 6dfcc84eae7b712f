"""A commit that was made here: how git makes it, and what it holds, known without git. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imagebot.git.listing import Place, is_folder, records_in, with_records
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
        paths = [file.path.encode() for file, _ in self.files]
        new = {
            path: b"%s blob %s\t%s" % (file.mode.encode(), blob_id(data, commit).encode(), path)
            for path, (file, data) in zip(paths, self.files, strict=True)
        }
        places: dict[Place, bytes] = {}
        root = ""
        # Those within others first, and the first tree last.
        for folder in (*sorted(_folders_of(paths), key=_depth, reverse=True), b""):
            content: list[bytes] = []
            for place, path, record in records_in(listing, folder):
                if path in new:
                    places[place] = new[path]
                content.append(_entry(path, new.get(path, record)))
            root = object_id(b"tree", b"".join(content), commit)
            new[folder] = b"040000 tree %s\t%s" % (root.encode(), folder)
        text = commit_text(root, self.base, self.message, self.committer)
        if object_id(b"commit", text, commit) != commit:
            return None
        return with_records(listing, places)


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


def _depth(path: bytes) -> int:
    return path.count(b"/")


def _entry(path: bytes, record: bytes) -> bytes:
    """An entry of a tree as git stores it: `mode SP name NUL id`, where a tree has a short mode."""
    mode, _, oid = record.partition(b"\t")[0].split(b" ")
    name = path.rpartition(b"/")[2]
    return b"%s %s\0%s" % (
        mode[1:] if is_folder(record) else mode,
        name,
        bytes.fromhex(oid.decode()),
    )
