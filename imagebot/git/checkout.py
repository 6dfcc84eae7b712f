"""A checkout: the bot's local copy of a target, a bare cache without a work tree.

Nothing of the target is ever written to disk as a file or run: no hooks, filters, links or
submodules. Commits are made by plumbing and pushed by their ids.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from imagebot.errors import DamagedCacheError, GitAuthError, GitError, GitUnreachableError
from imagebot.git.bare import BareCache
from imagebot.git.blobs import Blobs
from imagebot.git.cache import branch_key, cache_path, locked
from imagebot.git.commits import CommitReader
from imagebot.git.credentials import Access
from imagebot.git.history import (
    AUTHORS,
    LOG,
    Author,
    FileCommit,
    log_input,
    parse_authors,
    parse_log,
)
from imagebot.git.listing import CommitTree
from imagebot.git.made import MadeCommit, bases_of
from imagebot.git.push import Move, push
from imagebot.git.remote import HEADS, no_branch, remote_branches
from imagebot.git.runner import LOCAL_SECONDS, REMOTE_SECONDS, Runner
from imagebot.git.tree import Committer, TreeFile, TreeOther, object_format, pick_files
from imagebot.git.url import check_branch, parse_url
from imagebot.parallel.stop import Stop

T = TypeVar("T")
Asking = Callable[[], contextlib.AbstractContextManager[None]]

MAX_BLOB = 16 * 1024 * 1024
LOCK_SECONDS = 600.0
BOT_BRANCHES = "imagebot/"

_MAX_AUTHORS = 200
_MAX_COMMITS = 5000
# How often in a pass the cache is made anew, before its disk is taken to be broken.
_MOST_HEALS = 3
_log = logging.getLogger(__name__)


class Checkout(CommitReader):
    """Made by `open_checkout`, for one pass in one thread. Every method may raise GitError.

    Each makes a cache anew that turns out to be damaged, and then goes on where it was. What may
    have to wait for the remote is done in a context of `asking`, and without a lock of the cache.
    """

    committer: Committer

    def __init__(
        self,
        runner: Runner,
        branch: str,
        lock_seconds: float = LOCK_SECONDS,
        asking: Asking = contextlib.nullcontext,
    ) -> None:
        self.branch = branch
        self._asking = asking
        self._runner = runner
        self._cache = BareCache(runner, branch, lock_seconds)
        self._blobs = Blobs(self._cache)
        self._head = ""
        self._remote: dict[str, str] = {}
        self._made: dict[str, MadeCommit] = {}
        # What the cache was said to have.
        self._found: list[str] = []
        self._heals = 0

    @property
    def url(self) -> str:
        return self._runner.subject

    @property
    def head(self) -> str:
        """The commit that the target's branch had at the last refresh, or that was pushed since."""
        assert self._head, "refresh() comes first"
        return self._head

    def refresh(self) -> str:
        """Look at the remote, fetch what is new and return the new head.

        One small request when nothing has moved.
        """
        with self._asking():
            self._remote = self._look()
            wanted = self._remote.get(self.branch)
            if wanted is None:
                raise no_branch(self._runner, self.branch)
            self._cache.object_format = object_format(wanted)
            self._head = self._healed(lambda: self._cache.update(wanted))
        return self._head

    def files(self) -> tuple[TreeFile, ...]:
        """Every ordinary file of the head, in git's order."""
        return self._list(self.head).files

    def blobs(self) -> Mapping[str, str]:
        """The ids of the head's ordinary files by their paths, in git's order."""
        return self._list(self.head).blobs

    def blob(self, path: str) -> str | None:
        """The id of the head's ordinary file at `path`."""
        return self._list(self.head).blob(path)

    def others(self) -> tuple[TreeOther, ...]:
        """Entries of the head that cannot be read: links, submodules, names that are not UTF-8."""
        return self._list(self.head).others

    def fetch(self, blobs: Iterable[str]) -> None:
        """Fetch these blobs in one request, before they are read in several batches."""
        wanted = tuple(blobs)
        self._asked(lambda: self._blobs.fetch(wanted, self.head))

    def read(self, blobs: Iterable[str], *, max_size: int = MAX_BLOB) -> dict[str, bytes]:
        """Contents by blob id; a blob of more than `max_size` bytes is not in the answer.

        What is not here yet comes in one request.
        """
        wanted = tuple(blobs)
        return self._asked(lambda: self._blobs.read(wanted, self.head, max_size=max_size))

    def read_kept(self, blob: str, *, max_size: int = MAX_BLOB) -> bytes | None:
        """As `read`, of the one blob that every pass reads: its content is kept for the next."""
        data = self._cache.read_kept(blob)
        if data is None:
            data = self.read([blob], max_size=max_size).get(blob)
            if data is not None:
                self._cache.keep(data)
        return data

    def commit(self, base: str, changes: Mapping[str, bytes], *, message: str) -> str:
        """The id of a new commit on `base` with new bytes in files that it has; modes are kept.

        Made by `committer`, which must be set. `base` itself when nothing differs. The same
        arguments and the same committer give the same id.
        """
        tree = self._list(base)
        picked = tuple(pick_files(tree.find, changes, self.url))
        if not picked:
            return base
        made = MadeCommit(
            base=base,
            files=picked,
            message=message,
            committer=self.committer,
            # Not one that stays: other branches make their commits here as well.
            ref=f"refs/imagebot/new-{branch_key(self.branch)}",
        )
        folders = tree.folders_above(file.path for file, _ in picked)

        def make() -> str:
            # The trees that git reads, which may have been listed by an earlier pass.
            self._cache.prove((base,), folders)
            return self._cache.make(made)

        commit = self._healed(make)
        self._made[commit] = made
        return commit

    def made(self, commit: str) -> MadeCommit | None:
        """How a commit was made by this checkout, None if it was not."""
        return self._made.get(commit)

    def push(self, commit: str, branch: str, *, lease: str | None = None) -> None:
        """Move a branch of the remote to `commit`.

        Without a lease only forwards. With one, from exactly that commit and to anywhere, or with
        "" only when there is no such branch. Raises PushRejectedError.
        """
        bases = bases_of(commit, self._made)
        self._push(Move(branch=branch, commit=commit, lease=lease, bases=bases))
        self._remote[branch] = commit
        if branch == self.branch:
            self._head = commit
            self._healed(lambda: self._cache.advance(commit, self.made(commit)))

    def try_push(self, branch: str) -> None:
        """Ask the remote whether the head may be pushed to a branch; nothing changes there.

        What the remote's own hooks and rules say to a push is not known before it. Raises as
        `push` does.
        """
        self._push(Move(branch=branch, commit=self.head), "--dry-run")

    def delete_branch(self, branch: str, *, lease: str) -> None:
        """Delete a branch of the remote that is at commit `lease`, or is gone already.

        Raises PushRejectedError.
        """
        self._push(Move(branch=branch, commit="", lease=lease))
        self._remote.pop(branch, None)

    def remote_branch(self, name: str) -> str | None:
        """The commit of a branch of the remote, as seen at the last refresh for the bot's own."""
        if name.startswith(BOT_BRANCHES) or name in self._remote:
            return self._remote.get(name)
        with self._asking():
            return self._look(name).get(name)

    def bot_branches(self) -> tuple[str, ...]:
        """The remote's branches that begin with `imagebot/`, as seen at the last refresh."""
        return tuple(sorted(name for name in self._remote if name.startswith(BOT_BRANCHES)))

    def authors(self, base: str, branch: str) -> tuple[Author, ...]:
        """Who made the commits that `branch` has and `base` has not, the newest first (200)."""
        tip = self.remote_branch(branch)
        if tip is None:
            return ()
        argv = (*AUTHORS, f"-n{_MAX_AUTHORS}", tip, f"^{base}", "--")

        def read() -> bytes:
            self._cache.ensure_commit(tip, branch)
            return self._cache.local(*argv)

        return parse_authors(self._asked(read))

    def history(self, paths: Collection[str], *, most: int) -> Mapping[str, Sequence[FileCommit]]:
        """What the head's history, merges apart, did to files: by path, the newest first.

        At most `most` commits for each path, all of them read by one command, without contents.
        A file that was renamed has the history of its new name.
        """
        if not paths:
            return {}
        limit = f"-n{min(most * len(paths), _MAX_COMMITS)}"
        payload = log_input(self.head, paths)

        def read() -> bytes:
            self._cache.check()
            return self._cache.local(*LOG, limit, payload=payload)

        return parse_log(self._healed(read), most)

    def fetch_branch(self, branch: str) -> str:
        """Make sure that the cache has the commit of a branch of the bot's; return its id.

        "" when the remote has no such branch.
        """
        tip = self.remote_branch(branch)
        if tip is not None:
            self._asked(lambda: self._cache.ensure_commit(tip, branch))
            self._found.append(tip)
        return tip or ""

    def fetch_commit(self, commit: str) -> bool:
        """Try to fetch a commit that no branch may lead to; whether the cache has it now."""
        with contextlib.suppress(GitError):
            self._asked(lambda: self._cache.fetch_commit(commit))
        return self.has(commit)

    def has(self, commit: str) -> bool:
        """Whether a commit is in the cache; those of branches that were looked into are."""
        found = self._healed(lambda: self._cache.has(commit))
        if found:
            self._found.append(commit)
        return found

    def clear_up(self) -> None:
        """Delete what killed processes have left in the cache."""
        self._cache.clear_up()

    def close(self) -> None:
        """Keep what the next pass needs, and the number of packs small."""
        self._cache.save()
        self._cache.join_packs()

    def _list(self, commit: str) -> CommitTree:
        return self._healed(lambda: self._cache.list_files(commit))

    def merge_base(self, commit: str) -> str:
        """The last commit that the head and `commit` have in common, "" without one."""
        return self._healed(lambda: self._cache.merge_base(self.head, commit))

    def _read(self, *argv: str) -> bytes:
        return self._healed(lambda: self._cache.local(*argv))

    def _asked(self, work: Callable[[], T]) -> T:
        with self._asking():
            return self._healed(work)

    def _healed(self, work: Callable[[], T]) -> T:
        """What `work` returns, with a new cache if the one there was is damaged."""
        damaged = False
        while True:
            try:
                if damaged:
                    # Another process may damage the new one, too.
                    self._heal()
                return work()
            except DamagedCacheError as error:
                if self._heals == _MOST_HEALS:
                    raise
                self._heals += 1
                damaged = True
                _log.warning("%s; making it anew", error)

    def _heal(self) -> None:
        """Make the cache anew, with the commits made in it and those it was said to have."""
        self._cache.make_anew()
        if not self._head:
            return
        if self._cache.update(self._head) == self._head:
            # Another bot may have made it anew by now.
            self._cache.assert_has(self._head)
        elif not self._cache.has(self._head):
            raise GitError(
                self.url,
                f"{self.branch!r} was rewritten while the cache was made anew",
                hint="the next pass tries again",
            )
        self._restore()

    def _restore(self) -> None:
        """Bring what this pass has found and made into a new cache, as far as it can be had."""
        for commit in dict.fromkeys(self._found):
            if commit not in self._made and not self._cache.has(commit):
                self._find_again(commit)
        for made in self._made.values():
            # One that was made before its branch was rewritten is not needed any more.
            if self._cache.has(made.base):
                self._cache.make(made)

    def _find_again(self, commit: str) -> None:
        branches = [branch for branch, tip in self._remote.items() if tip == commit]
        try:
            if branches:
                self._cache.ensure_commit(commit, branches[0])
            else:
                self._cache.fetch_commit(commit)
        except (DamagedCacheError, GitAuthError, GitUnreachableError):
            raise
        except GitError as error:
            _log.info("commit %s cannot be had again: %s", commit, error)

    def _look(self, name: str = "") -> dict[str, str]:
        """Branches of the remote: the one named, or the target's and all of the bot's."""
        names = [name] if name else [self.branch, f"{BOT_BRANCHES}*"]
        return remote_branches(self._runner, *(f"{HEADS}{each}" for each in names))

    def _push(self, move: Move, *options: str) -> None:
        self._asked(lambda: push(self._cache, move, *options))


@contextlib.contextmanager
def open_checkout(
    cache_dir: Path,
    url: str,
    branch: str,
    access: Access,
    *,
    local_seconds: float = LOCAL_SECONDS,
    remote_seconds: float = REMOTE_SECONDS,
    lock_seconds: float = LOCK_SECONDS,
    stop: Stop | None = None,
    asking: Asking = contextlib.nullcontext,
) -> Iterator[Checkout]:
    """The checkout of a branch of a Git repository, locked against other users of that branch.

    Makes no request to the remote before `refresh`. Raises GitError for an invalid URL or branch,
    and when the cache stays locked.
    """
    parsed = parse_url(url)
    path = cache_path(cache_dir, parsed.text)
    runner = Runner(
        directory=path,
        access=access,
        url=parsed,
        local_seconds=local_seconds,
        remote_seconds=remote_seconds,
        stop=stop or Stop(),
    )
    own = path.with_name(f"{path.name}-{branch_key(check_branch(branch))}")
    with locked(own, seconds=lock_seconds):
        checkout = Checkout(runner, branch, lock_seconds, asking)
        checkout.clear_up()
        try:
            yield checkout
        finally:
            checkout.close()
