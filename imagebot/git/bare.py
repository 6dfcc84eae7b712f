"""The bare cache of a target: fetched, checked, repaired and read.

Blobs are left out of the clone and fetched in one batch when they are read. The settings that
make git fetch a missing blob by itself, one request each, are not in the repository's
configuration; only the commands that may reach the remote get them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from imagebot.errors import GitAuthError, GitError, GitUnreachableError
from imagebot.git.cache import clear_unfinished, make_empty
from imagebot.git.runner import Runner
from imagebot.git.tree import CommitTree, parse_blobs, parse_listing, parse_sizes

_HEAD = "refs/imagebot/head"
_LAZY = ("-c", "remote.origin.promisor=true", "-c", "remote.origin.partialclonefilter=blob:none")
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
# Errors that another cache would not help with.
_REMOTE_ERRORS = (GitAuthError, GitUnreachableError)


@dataclass(slots=True)
class BareCache:
    """One branch of one remote. Every method may raise GitError."""

    runner: Runner
    branch: str
    _listings: dict[str, CommitTree] = field(default_factory=dict)

    def update(self, wanted: str) -> str:
        """Fetch the branch's commit `wanted`, or the one it has moved to since; return its id.

        Rebuilds a damaged cache, and clones everything if that does not help: in a partial clone
        git's object check ignores `fetch.fsck.*` (seen in 2.39), so that some old repositories
        can only be cloned whole.
        """
        try:
            head = self._update(wanted)
            self.list_files(head)
        except _REMOTE_ERRORS:
            raise
        except GitError:
            return self._rebuild(wanted)
        return head

    def advance(self, commit: str) -> None:
        """Record that the branch is at `commit`, which the cache has."""
        self.runner.local("update-ref", _HEAD, commit)

    def has(self, commit: str) -> bool:
        return self.runner.try_local("cat-file", "-e", f"{commit}^{{commit}}").status == 0

    def ensure_commit(self, commit: str, branch: str) -> None:
        """Fetch `commit`, to which `branch` of the remote points, unless the cache has it."""
        if not self.has(commit):
            self._fetch("origin", f"refs/heads/{branch}")

    def list_files(self, commit: str) -> CommitTree:
        """The files of a commit; the listing of the last commit is kept."""
        if commit not in self._listings:
            output = self.runner.local("ls-tree", "-r", "-z", "--full-tree", commit)
            self._listings = {commit: parse_listing(output)}
        return self._listings[commit]

    def fetch_blobs(self, blobs: Iterable[str], head: str) -> dict[str, int]:
        """Fetch those of these blobs that are missing, in one request; return all sizes."""
        wanted = tuple(dict.fromkeys(blobs))
        if not wanted:
            return {}
        sizes = self._sizes(wanted)
        missing = [blob for blob, size in sizes.items() if size is None]
        if missing:
            self._prefetch(missing, head)
            sizes = self._sizes(wanted)
        found = {blob: size for blob, size in sizes.items() if size is not None}
        if len(found) < len(sizes):
            lost = next(blob for blob, size in sizes.items() if size is None)
            raise GitError(self.runner.subject, f"the remote does not serve blob {lost}")
        return found

    def read_blobs(self, sizes: dict[str, int]) -> dict[str, bytes]:
        """The contents of blobs that the cache has, by id."""
        if not sizes:
            return {}
        limit = sum(sizes.values()) + 128 * len(sizes)
        output = self.runner.local(
            "cat-file", "--batch", "--buffer", payload=_lines(sizes), limit=limit
        )
        return parse_blobs(output)

    def _update(self, wanted: str) -> str:
        if not (self.runner.directory / "HEAD").exists():
            self._start()
        if self.has(wanted):
            self.advance(wanted)
            return wanted
        clear_unfinished(self.runner.directory)
        self._fetch("origin", f"+refs/heads/{self.branch}:{_HEAD}")
        # git decides when to join the packs of many passes.
        self.runner.try_local(*self._promise, "-c", "gc.auto=6700", "gc", "--auto", "--quiet")
        return self.runner.local("rev-parse", "--verify", _HEAD).decode().strip()

    def _rebuild(self, wanted: str) -> str:
        try:
            self._start()
            return self._update(wanted)
        except _REMOTE_ERRORS:
            raise
        except GitError:
            self._start(whole=True)
            return self._update(wanted)

    def _start(self, *, whole: bool = False) -> None:
        self._listings.clear()
        make_empty(self.runner.directory)
        self.runner.local("init", "--quiet", "--bare", "--template=", ".")
        if whole:
            (self.runner.directory / "imagebot-whole").touch()

    @property
    def _is_whole(self) -> bool:
        """Whether all blobs are cloned, because the remote does not serve single blobs."""
        return (self.runner.directory / "imagebot-whole").exists()

    @property
    def _promise(self) -> tuple[str, ...]:
        """Options that tell git to accept missing objects."""
        return () if self._is_whole else _LAZY

    def _fetch(self, *args: str, options: tuple[str, ...] = (), payload: bytes = b"") -> None:
        narrow = () if self._is_whole else ("--filter=blob:none",)
        self.runner.remote(*self._promise, *options, *_FETCH, *narrow, *args, payload=payload)

    def _sizes(self, blobs: Iterable[str]) -> dict[str, int | None]:
        output = self.runner.local("cat-file", "--batch-check", payload=_lines(blobs))
        return parse_sizes(output)

    def _prefetch(self, blobs: Iterable[str], head: str) -> None:
        # Otherwise git would first send a list of every object in the cache.
        options = ("-c", "fetch.negotiationAlgorithm=noop")
        try:
            self._fetch("--stdin", "origin", options=options, payload=_lines(blobs))
        except _REMOTE_ERRORS:
            raise
        except GitError:
            # The remote does not serve single objects (or not these): clone everything, once.
            if self._is_whole:
                raise
            self._start(whole=True)
            self._update(head)


def _lines(blobs: Iterable[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs).encode()
