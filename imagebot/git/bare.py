"""The bare cache of a repository: fetched, checked, made anew and read.

Blobs are left out of the clone (`Blobs` fetches them). With some settings git fetches a missing
blob by itself, one request each. Only the commands that may reach the remote get them, and only
after commands that cannot reach it have found nothing wrong.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from pathlib import Path

from imagebot.errors import DamagedCacheError, GitAuthError, GitError, GitUnreachableError
from imagebot.git.cache import branch_key, exists, locked, make_empty
from imagebot.git.classify import cache_failure, damaged_cache
from imagebot.git.housekeeping import JOIN, find_damage, is_untidy, promise_packs, remove_left_over
from imagebot.git.kept import load_listing, read_kept, save_listing, write_kept
from imagebot.git.listing import CommitTree, apply_diff, changed_trees
from imagebot.git.made import MAKE, MadeCommit
from imagebot.git.runner import MAX_OUTPUT, Result, Runner
from imagebot.git.tree import as_lines, blob_id, is_oid, parse_objects
from imagebot.values import dataclass

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
_DIFF = ("diff-tree", "-r", "-t", "-z", "--raw", "--no-abbrev", "--no-renames")
# A fetch reads the newest commits, to tell the remote what is here.
_MOST_COMMITS = 10_000


@dataclass(slots=True)
class BareCache:
    """One branch of one remote, in the cache that all branches of the remote share.

    Every method may raise GitError; DamagedCacheError, when the cache is to be made anew.
    `lock_seconds` is how long a command may wait for another bot. A `fresh` cache was made during
    this pass: what fails with it is not blamed on damage. `has_fetched_only` says that it was made
    by this object, without blobs, and has those alone that this object has fetched, if any.
    `seen` stands for the cache that this object last used: another one made anew has another.
    `object_format` is how the remote makes ids, `sha1` or `sha256`: a new cache has the same.
    """

    runner: Runner
    branch: str
    lock_seconds: float
    fresh: bool = False
    has_fetched_only: bool = False
    seen: str = ""
    object_format: str = "sha1"
    _listings: dict[str, CommitTree] = field(default_factory=dict)
    _checked: bool = False
    _unsaved: tuple[str, bytes] | None = None

    def __post_init__(self) -> None:
        self.seen = self._made()

    def local(self, *args: str, payload: bytes = b"", limit: int = MAX_OUTPUT) -> bytes:
        """Stdout of a command that only reads and writes the cache."""
        result = self._try_local(*args, payload=payload, limit=limit)
        if result.status != 0:
            raise cache_failure(self.path, result.status, result.err)
        return result.out

    def merge_base(self, one: str, other: str) -> str:
        """The last commit that two have in common, "" without one."""
        result = self._try_local("merge-base", one, other)
        if result.status == 1 and not result.err:
            return ""
        if result.status != 0:
            raise cache_failure(self.path, result.status, result.err)
        return result.out.decode().strip()

    def push(self, *args: str) -> Result:
        """As `Runner.try_push`."""
        with self._shared():
            return self.runner.try_push(*args)

    def update(self, wanted: str) -> str:
        """Fetch the branch's commit `wanted`, or the one it has moved to since; return its id.

        Clones everything if there is no other way: in a partial clone git's object check ignores
        `fetch.fsck.*` (seen in 2.39), so that some old repositories can only be cloned whole.
        """
        if not exists(self.runner.directory / "HEAD"):
            self.make_anew()
        # Another may have made the first one.
        self.seen = self.seen or self._made()
        if self._is_at(wanted):
            return wanted
        refspec = f"+refs/heads/{self.branch}:{self._ref}"
        try:
            self.fetch("origin", refspec)
        except (GitAuthError, GitUnreachableError, DamagedCacheError):
            raise
        except GitError:
            if self.is_whole:
                raise
            self.make_anew(whole=True)
            self.fetch("origin", refspec)
        return self._fetched()

    def make_anew(self, *, whole: bool = False) -> None:
        """Make the cache empty, unless that has happened since this object last used it.

        With `whole`, it will also get the blobs, because the remote does not serve single ones.
        """
        self._listings.clear()
        self._checked = False
        self.has_fetched_only = False
        with locked(self.runner.directory, seconds=self.lock_seconds):
            if not self.was_remade() or (whole and not self.is_whole):
                self._start(whole=whole)
                self.has_fetched_only = not whole
            self.seen = self._made()
        self.fresh = True

    def advance(self, commit: str, made: MadeCommit | None = None) -> None:
        """Record that the branch is at `commit`, which is here; keep what it is known to hold."""
        self.local("update-ref", self._ref, commit)
        base = self._listings.get(made.base) if made else None
        if made and base and (listing := made.listing(base.listing, commit)) is not None:
            self._listings = {commit: CommitTree(listing)}
            self._unsaved = commit, listing

    def make(self, made: MadeCommit) -> str:
        """Make a commit, whose base is here; its id."""
        self.has_fetched_only = False
        return self.local(*MAKE, payload=made.stream).decode().strip()

    def has(self, commit: str) -> bool:
        return self._try_local("cat-file", "-e", f"{commit}^{{commit}}").status == 0

    def assert_has(self, commit: str) -> None:
        """Raises DamagedCacheError without a commit that was made here; "" stands for none."""
        if commit and not self.has(commit):
            raise damaged_cache(self.path, f"commit {commit} is gone")

    def ensure_commit(self, commit: str, branch: str) -> None:
        """Fetch `commit`, to which `branch` of the remote points, unless the cache has it."""
        if not self.has(commit):
            self.fetch("origin", f"refs/heads/{branch}")

    def fetch_commit(self, commit: str) -> None:
        """Fetch a commit by its id, which the remote may refuse."""
        self.fetch("origin", commit)

    def list_files(self, commit: str) -> CommitTree:
        """The files of a commit; the listing of the last commit is kept, also for later passes.

        It is proven by the ids of the commit and of its trees: what is listed is what is there.
        """
        if commit not in self._listings:
            self._listings = {commit: self._list(commit)}
        return self._listings[commit]

    def _list(self, commit: str) -> CommitTree:
        kept = load_listing(self._kept("listing"))
        if kept and kept[0] == commit:
            return CommitTree(kept[1])
        tree = self._changed_tree(*kept, commit) if kept else None
        if tree is None:
            tree = CommitTree(self.local("ls-tree", "-r", "-t", "-z", "--full-tree", commit))
            self.prove((commit,), tree.folders.values())
        if commit == self._recorded():
            self._unsaved = commit, tree.listing
        return tree

    def _changed_tree(self, old: str, listing: bytes, new: str) -> CommitTree | None:
        """What `new` holds, from what another commit does; None if the cache has not got both."""
        diff = self._try_local(*_DIFF, old, new, "--")
        if diff.status != 0:
            return None
        self.prove((old, new), changed_trees(diff.out))
        try:
            return CommitTree(apply_diff(listing, diff.out))
        except ValueError:
            return None

    def save(self) -> None:
        """Keep the listing of the branch's last commit, once in a pass: it may be long."""
        if self._unsaved:
            save_listing(self._kept("listing"), *self._unsaved)
            self._unsaved = None

    def read_kept(self, blob: str) -> bytes | None:
        """The content of a blob that `keep` was given in this pass or an earlier one."""
        data = read_kept(self._kept("file"))
        return data if blob_id(data, blob) == blob else None

    def keep(self, data: bytes) -> None:
        """Keep the content of one blob, in the place of the one before."""
        write_kept(self._kept("file"), data)

    def check(self, *, again: bool = False) -> None:
        """Look for damage, once in a pass, with commands that cannot reach the remote.

        git would take it for something that was left out of the clone, and fetch it.
        """
        if self._checked and not again:
            return
        with self._shared():
            try:
                if not self.is_whole:
                    promise_packs(self.runner.directory)
            except OSError as error:
                raise damaged_cache(self.path, str(error.strerror)) from error
            if reason := find_damage(self.runner.directory, self.object_format):
                raise damaged_cache(self.path, reason)
        self.local("rev-list", "--quiet", f"--max-count={_MOST_COMMITS}", "--all")
        self._checked = True

    def blame(self, error: GitError) -> GitError:
        """The error to raise when a command that talks to the remote failed with `error`.

        Damage makes git blame the remote, so that the cache is suspected first.
        """
        if isinstance(error, (GitAuthError, DamagedCacheError)):
            return error
        # Another process may damage a fresh one: git names its folder, or finds nothing in it.
        if self.fresh and self.path not in error.reason and not self._lost():
            return error
        if isinstance(error, GitUnreachableError) and not self.fsck():
            return error
        return damaged_cache(self.path, error.reason)

    def _lost(self) -> bool:
        """Whether the cache is damaged, or was until another made it anew a moment ago."""
        with contextlib.suppress(DamagedCacheError):
            self.check(again=True)
            return self.was_remade()
        return True

    def fsck(self) -> str:
        """What git, reading every object, says of those that are not as they should be, or ""."""
        argv = ("fsck", "--no-dangling", "--no-reflogs", "--no-progress")
        with self._shared():
            result = self.runner.try_local(*argv, promised=not self.is_whole)
        return result.err or "git fsck finds damage" if result.status != 0 else ""

    def was_remade(self) -> bool:
        """Whether another has made the cache anew since this object last used it."""
        return self._made() != self.seen

    def clear_up(self) -> None:
        """Delete what a killed process has left; not while another bot uses the cache."""
        self._alone(lambda: remove_left_over(self.runner.directory))

    def join_packs(self) -> None:
        """Join the packs of many passes; a cache where that fails is left for the next to make."""
        if is_untidy(self.runner.directory):
            self._alone(self._join)

    def _join(self) -> None:
        if self.runner.try_local(*JOIN, promised=not self.is_whole).status != 0:
            make_empty(self.runner.directory)

    def _alone(self, work: Callable[[], None]) -> None:
        """Do what must not be done while others use the cache, unless they do; it may fail."""
        with contextlib.suppress(GitError), locked(self.runner.directory, seconds=0):
            work()

    @property
    def _ref(self) -> str:
        return f"refs/imagebot/{branch_key(self.branch)}"

    @property
    def path(self) -> str:
        return str(self.runner.directory)

    @property
    def is_whole(self) -> bool:
        """Whether all blobs are cloned, because the remote does not serve single blobs."""
        return exists(self.runner.directory / "imagebot-whole")

    def _made(self) -> str:
        """Stands for the last time that the cache was made."""
        try:
            return (self.runner.directory / "imagebot-made").read_text(errors="replace")
        except OSError:
            return ""

    def _start(self, *, whole: bool) -> None:
        directory = self.runner.directory
        make_empty(directory)
        options = ("--quiet", "--bare", "--template=", f"--object-format={self.object_format}")
        with self._there():
            result = self.runner.try_local("init", *options, ".")
        if result.status != 0:
            raise cache_failure(self.path, result.status, result.err)
        try:
            (directory / "imagebot-made").write_text(os.urandom(8).hex())
            if whole:
                (directory / "imagebot-whole").touch()
        except OSError as error:
            raise damaged_cache(self.path, str(error.strerror)) from error

    @contextlib.contextmanager
    def _shared(self) -> Iterator[None]:
        with locked(self.runner.directory, seconds=self.lock_seconds, shared=True), self._there():
            yield

    @contextlib.contextmanager
    def _there(self) -> Iterator[None]:
        """Raises DamagedCacheError when the folder is gone, or has gone by the time that git fails.

        People who delete it by hand do not wait for a lock.
        """
        self._assert_there()
        try:
            yield
        except GitError:
            self._assert_there()
            raise

    def _assert_there(self) -> None:
        if not os.path.isdir(self.path):  # noqa: PTH112 - `Path.is_dir` raises what a disk says
            raise damaged_cache(self.path, "the folder is gone")

    def _try_local(self, *args: str, payload: bytes = b"", limit: int = MAX_OUTPUT) -> Result:
        with self._shared():
            try:
                return self.runner.try_local(*args, payload=payload, limit=limit)
            except GitUnreachableError:
                raise
            except GitError as error:
                raise damaged_cache(self.path, error.reason) from error

    def _is_at(self, commit: str) -> bool:
        """Whether the cache has the commit; if so, the branch is recorded to be there."""
        if self._recorded() == commit:
            return True
        output = self._try_local(
            "cat-file", "--batch-check", payload=as_lines((commit, self._ref))
        ).out
        known = [line.startswith(f"{commit} commit ".encode()) for line in output.splitlines()]
        if not known or not known[0]:
            return False
        if not known[-1] or len(known) < 2:
            self.advance(commit)
        return True

    def _fetched(self) -> str:
        """Where the branch is after a fetch."""
        commit = self._recorded()
        if is_oid(commit):
            return commit
        if self.fresh and not self._lost():
            # git does not fail where it would have to cut the history off, too, as a shallow clone
            # does. What it has fetched would be taken for a damaged cache.
            self._alone(lambda: make_empty(self.runner.directory))
            reason = f"git does not take {self.branch!r} from it; it may be a shallow clone"
            hint = "set the target's url to a repository with its whole history"
            raise GitError(self.runner.subject, reason, hint=hint)
        raise damaged_cache(self.path, f"{self._ref} is not a commit")

    def _recorded(self) -> str:
        """Where the branch was last, read without git: what is done with it will show damage."""
        try:
            return (self.runner.directory / self._ref).read_text("ascii", "replace").strip()
        except OSError:
            return ""

    def fetch(self, *args: str, options: tuple[str, ...] = (), payload: bytes = b"") -> None:
        """Run `git fetch`, once the cache was looked at for damage."""
        self.check()
        narrow = () if self.is_whole else ("--filter=blob:none",)
        argv = (*options, *_FETCH, *narrow, *args)
        with self._shared():
            try:
                self.runner.remote(*argv, payload=payload, promised=not self.is_whole)
                return
            except GitError as error:
                failed = error
        raise self.blame(failed) from failed

    def objects(
        self, names: Iterable[str], *, limit: int = MAX_OUTPUT
    ) -> dict[str, tuple[bytes, bytes]]:
        """The kind and the content of each of these objects, all of which must be here."""
        output = self.local("cat-file", "--batch", "--buffer", payload=as_lines(names), limit=limit)
        try:
            return parse_objects(output)
        except ValueError as error:
            raise damaged_cache(self.path, str(error)) from error

    def prove(self, commits: Iterable[str], trees: Iterable[str]) -> None:
        """Read these commits, their first trees and other trees, whose ids prove what they are."""
        commits, trees = tuple(commits), tuple(trees)
        roots = [f"{commit}^{{tree}}" for commit in commits]
        objects = self.objects(dict.fromkeys((*commits, *roots, *trees)))
        for commit in commits:
            kind, content = objects.get(commit, (b"", b""))
            root = content.partition(b"\n")[0].removeprefix(b"tree ").decode("ascii", "replace")
            if kind != b"commit" or not {root, *trees} <= objects.keys():
                raise damaged_cache(self.path, "git reads other objects than those asked for")

    def _kept(self, what: str) -> Path:
        return self.runner.directory / f"imagebot-{what}-{branch_key(self.branch)}"
