"""Reads the history of files from `git log --raw`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from imagebot.git.tree import as_lines
from imagebot.values import dataclass

LOG = (
    "log", "--stdin", "-z", "--raw", "--no-abbrev", "--no-renames", "--full-history",
    "--topo-order", "--no-merges", "--format=%H%x00%an%x00%ae%x00%ce%x00%ct%x00%B",
)  # fmt: skip
AUTHORS = ("log", "-z", "--format=%H%x00%ae%x00%ce%x00%P%x00%B")
_HEADER = 6
_FILES = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class FileCommit:
    """What one commit did to one file.

    `old` and `new` are the blobs before and after, "" where there was no ordinary file. `author`
    is a name, `addresses` the e-mail addresses of author and committer. `time` is when it was
    committed, in seconds since 1970.
    """

    commit: str
    author: str
    addresses: tuple[str, str]
    message: str
    old: str
    new: str
    time: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit: the e-mail addresses of its author and its committer, and what it is."""

    commit: str
    author: str
    committer: str
    merge: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """How one file differs between two commits: its blobs, "" where there is no ordinary file."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class LastCommit:
    """The last commit that touched a file; `when` is in seconds since 1970."""

    commit: str
    when: int


def log_input(tip: str, paths: Iterable[str]) -> bytes:
    """The stdin of LOG. Paths are literal; a path with a line break is left out."""
    lines = [tip, "--", *(f":(top,literal){path}" for path in paths if "\n" not in path)]
    return as_lines(lines)


def parse_log(output: bytes, most: int) -> Mapping[str, Sequence[FileCommit]]:
    """The commits of each path, the newest first, at most `most` for each path."""
    found: dict[str, list[FileCommit]] = {}
    for header, changes in _commits(output):
        commit, author, address, committer, time, message = (
            part.decode("utf-8", "replace") for part in header
        )
        for record, raw in changes:
            diff = _diff(record, raw)
            commits = found.setdefault(diff.path, [])
            if len(commits) < most:
                entry = FileCommit(
                    commit=commit,
                    author=author,
                    addresses=(address, committer),
                    message=message,
                    old=diff.old,
                    new=diff.new,
                    time=int(time),
                )
                commits.append(entry)
    return found


def parse_authors(output: bytes) -> tuple[Author, ...]:
    """Read the output of AUTHORS."""
    words = output.decode("utf-8", "replace").split("\0")
    rows = zip(*(words[at::5] for at in range(5)), strict=False)
    return tuple(
        Author(commit, author, committer, " " in parents, message)
        for commit, author, committer, parents, message in rows
    )


def parse_diff(output: bytes) -> tuple[FileDiff, ...]:
    """Read `git diff-tree -r -z --raw` of two commits."""
    words = output.split(b"\0")
    pairs = zip(words[::2], words[1::2], strict=False)
    return tuple(_diff(record, raw) for record, raw in pairs if record.startswith(b":"))


def _diff(record: bytes, raw: bytes) -> FileDiff:
    old_mode, new_mode, old, new, _ = record.removeprefix(b":").split(b" ")
    return FileDiff(
        path=raw.decode("utf-8", "replace"),
        old=old.decode() if old_mode in _FILES else "",
        new=new.decode() if new_mode in _FILES else "",
    )


def _commits(output: bytes) -> Iterator[tuple[list[bytes], list[tuple[bytes, bytes]]]]:
    """Each commit's header, and its records with their paths."""
    words = output.split(b"\0")
    at = 0
    while at + _HEADER <= len(words):
        header = words[at : at + _HEADER]
        at += _HEADER
        changes: list[tuple[bytes, bytes]] = []
        while at + 1 < len(words) and (record := words[at].lstrip(b"\n")).startswith(b":"):
            changes.append((record, words[at + 1]))
            at += 2
        yield header, changes
