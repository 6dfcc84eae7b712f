"""A checkout: the bot's local copy of a target, a bare cache without a work tree.

Nothing of the target is ever written to disk as a file or run: no hooks, filters, links or
submodules. Commits are made by plumbing and pushed by their ids.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagebot.errors import GitError
from imagebot.git.bare import BareCache
from imagebot.git.cache import cache_path, locked
from imagebot.git.classify import push_failure
from imagebot.git.credentials import Access
from imagebot.git.history import (
    LOG,
    FileCommit,
    FileDiff,
    LastCommit,
    log_input,
    parse_diff,
    parse_log,
)
from imagebot.git.runner import LOCAL_SECONDS, REMOTE_SECONDS, Runner
from imagebot.git.tree import (
    Committer,
    TreeFile,
    TreeOther,
    commit_stream,
    parse_refs,
    pick_files,
)
from imagebot.git.url import check_branch, parse_url
from imagebot.parallel.stop import Stop
from imagebot.text import excerpt, nearest

MAX_BLOB = 16 * 1024 * 1024
LOCK_SECONDS = 600.0
BOT_BRANCHES = "imagebot/"

_COMMIT = "refs/imagebot/commit"
_MAX_REFS = 8 * 1024 * 1024
_MAX_AUTHORS = 200
_MAX_COMMITS = 5000
_MOST_NAMED = 10
_USUAL = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit: the e-mail addresses of its author and its committer, and what it is."""

    commit: str
    author: str
    committer: str
    merge: bool = False
    message: str = ""


class Checkout:
    """Made by `open_checkout`, for one pass in one thread. Every method may raise GitError."""

    committer: Committer

    def __init__(self, runner: Runner, branch: str) -> None:
        self.branch = branch
        self._runner = runner
        self._cache = BareCache(runner, branch)
        self._head = ""
        self._remote: dict[str, str] = {}

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

        One small request when nothing has moved. A damaged cache is rebuilt.
        """
        self._remote = self._look()
        wanted = self._remote.get(self.branch)
        if wanted is None:
            raise self._no_branch()
        self._head = self._cache.update(wanted)
        return self._head

    def files(self) -> tuple[TreeFile, ...]:
        """Every ordinary file of the head, in git's order."""
        return self._cache.list_files(self.head).files

    def others(self) -> tuple[TreeOther, ...]:
        """Entries of the head that cannot be read: links, submodules, names that are not UTF-8."""
        return self._cache.list_files(self.head).others

    def fetch(self, blobs: Iterable[str]) -> None:
        """Fetch these blobs in one request, before they are read in several batches."""
        self._cache.fetch_blobs(blobs, self.head)

    def read(self, blobs: Iterable[str], *, max_size: int = MAX_BLOB) -> dict[str, bytes]:
        """Contents by blob id; a blob of more than `max_size` bytes is not in the answer.

        What is not here yet comes in one request.
        """
        sizes = self._cache.fetch_blobs(blobs, self.head)
        return self._cache.read_blobs(
            {blob: size for blob, size in sizes.items() if size <= max_size}
        )

    def commit(self, base: str, changes: Mapping[str, bytes], *, message: str) -> str:
        """The id of a new commit on `base` with new bytes in files that it has; modes are kept.

        Made by `committer`, which must be set. `base` itself when nothing differs. The same
        arguments and the same committer give the same id.
        """
        files = {file.path: file for file in self._cache.list_files(base).files}
        picked = pick_files(files, changes, self.url)
        if not picked:
            return base
        stream = commit_stream(
            ref=_COMMIT, base=base, files=picked, message=message, committer=self.committer
        )
        output = self._runner.local(
            "fast-import", "--quiet", "--force", "--done", "--date-format=raw", payload=stream
        )
        return output.decode().strip()

    def push(self, commit: str, branch: str, *, lease: str | None = None) -> None:
        """Move a branch of the remote to `commit`.

        Without a lease only forwards. With one, from exactly that commit and to anywhere, or with
        "" only when there is no such branch. Raises PushRejectedError.
        """
        self._push(f"{commit}:refs/heads/{check_branch(branch)}", branch, lease)
        self._remote[branch] = commit
        if branch == self.branch:
            self._cache.advance(commit)
            self._head = commit

    def try_push(self, branch: str) -> None:
        """Ask the remote whether the head may be pushed to a branch; nothing changes there.

        What the remote's own hooks and rules say to a push is not known before it. Raises as
        `push` does.
        """
        refspec = f"{self.head}:refs/heads/{check_branch(branch)}"
        self._push(refspec, branch, None, "--dry-run")

    def delete_branch(self, branch: str, *, lease: str) -> None:
        """Delete a branch of the remote that is at commit `lease`. Raises PushRejectedError."""
        self._push(f":refs/heads/{check_branch(branch)}", branch, lease)
        self._remote.pop(branch, None)

    def remote_branch(self, name: str) -> str | None:
        """The commit of a branch of the remote, as seen at the last refresh for the bot's own."""
        if name.startswith(BOT_BRANCHES) or name in self._remote:
            return self._remote.get(name)
        return self._look(name).get(name)

    def bot_branches(self) -> tuple[str, ...]:
        """The remote's branches that begin with `imagebot/`, as seen at the last refresh."""
        return tuple(sorted(name for name in self._remote if name.startswith(BOT_BRANCHES)))

    def authors(self, base: str, branch: str) -> tuple[Author, ...]:
        """Who made the commits that `branch` has and `base` has not, the newest first (200)."""
        tip = self.remote_branch(branch)
        if tip is None:
            return ()
        self._cache.ensure_commit(tip, branch)
        form = "--format=%H%x00%ae%x00%ce%x00%P%x00%B"
        output = self._runner.local("log", "-z", f"-n{_MAX_AUTHORS}", form, tip, f"^{base}", "--")
        words = output.decode("utf-8", "replace").split("\0")
        rows = zip(*(words[at::5] for at in range(5)), strict=False)
        return tuple(
            Author(commit, author, committer, " " in parents, message)
            for commit, author, committer, parents, message in rows
        )

    def history(self, paths: Collection[str], *, most: int) -> Mapping[str, Sequence[FileCommit]]:
        """What the head's history, merges apart, did to files: by path, the newest first.

        At most `most` commits for each path, all of them read by one command, without contents.
        A file that was renamed has the history of its new name.
        """
        if not paths:
            return {}
        limit = f"-n{min(most * len(paths), _MAX_COMMITS)}"
        output = self._runner.local(*LOG, limit, payload=log_input(self.head, paths))
        return parse_log(output, most)

    def messages(self, *, most: int) -> Sequence[str]:
        """The messages of the head's newest commits, the newest first."""
        output = self._runner.local("log", "-z", f"-n{most}", "--format=%B", self.head, "--")
        return output.decode("utf-8", "replace").removesuffix("\0").split("\0")

    def last_commit(self, path: str) -> LastCommit | None:
        """The last commit of the head's history that touched a file, None without one."""
        form = "--format=%H %ct"
        output = self._runner.local("log", "-n1", form, self.head, "--", f":(top,literal){path}")
        commit, _, when = output.decode().strip().partition(" ")
        return LastCommit(commit, int(when)) if commit else None

    def changed(self, old: str, new: str) -> tuple[FileDiff, ...]:
        """The files that differ between two commits that the cache has."""
        form = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames")
        return parse_diff(self._runner.local(*form, old, new, "--"))

    def merge_base(self, commit: str) -> str:
        """The last commit that the head and `commit` have in common, "" without one."""
        result = self._runner.try_local("merge-base", self.head, commit)
        return result.out.decode().strip() if result.status == 0 else ""

    def fetch_branch(self, branch: str) -> str:
        """Make sure that the cache has the commit of a branch of the bot's; return its id.

        "" when the remote has no such branch.
        """
        tip = self.remote_branch(branch)
        if tip is not None:
            self._cache.ensure_commit(tip, branch)
        return tip or ""

    def tree(self, commit: str) -> str:
        """The id of a commit's tree: equal for commits that hold the same."""
        return self._runner.local("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def message(self, commit: str) -> str:
        """The message of a commit."""
        output = self._runner.local("log", "-n1", "--format=%B", commit, "--")
        return output.decode("utf-8", "replace")

    def parents(self, commit: str) -> tuple[str, ...]:
        """The ids of a commit's parents."""
        output = self._runner.local("rev-parse", f"{commit}^@", "--")
        return tuple(output.decode().split()[:-1])

    def has(self, commit: str) -> bool:
        """Whether a commit is in the cache; those of branches that were looked into are."""
        return self._cache.has(commit)

    def _look(self, name: str = "") -> dict[str, str]:
        """Branches of the remote: the one named, or the target's and all of the bot's."""
        names = [name] if name else [self.branch, f"{BOT_BRANCHES}*"]
        return self._list(*(f"refs/heads/{each}" for each in names))

    def _list(self, *patterns: str) -> dict[str, str]:
        """The remote's branches that match one of these patterns of ls-remote."""
        # Outside the cache, so that a damaged one does not matter.
        outside = replace(self._runner, directory=self._runner.directory.parent, repository="none")
        output = outside.remote("ls-remote", "--quiet", "origin", *patterns, limit=_MAX_REFS)
        prefix = "refs/heads/"
        refs = parse_refs(output)
        return {
            ref.removeprefix(prefix): oid for ref, oid in refs.items() if ref.startswith(prefix)
        }

    def _push(self, refspec: str, branch: str, lease: str | None, *more: str) -> None:
        args = [*more, "--porcelain", "--no-verify", "--no-follow-tags", "--quiet"]
        if lease is not None:
            args.append(f"--force-with-lease=refs/heads/{branch}:{lease}")
        result = self._runner.try_push(*args, "origin", refspec)
        if result.status == 0:
            return
        redaction = self._runner.access.redaction
        subject = f"{self.url} {branch}"
        refused = push_failure(
            subject, result.out.decode("utf-8", "replace"), result.err, redaction
        )
        raise refused or self._runner.failure(result)

    def _no_branch(self) -> GitError:
        """The error for a target whose branch is missing; it names those that are there."""
        there = "it has none"
        with contextlib.suppress(GitError):
            found = self._list("refs/heads/*")
            first = {nearest(self.branch, found), *_USUAL}
            names = sorted(found, key=lambda name: (name not in first, name))
            shown = ", ".join(excerpt(name) for name in names[:_MOST_NAMED])
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            there = f"it has {shown}{more}" if names else there
        return GitError(
            self.url,
            f"the remote has no branch {self.branch!r}: {there}",
            hint="correct the target's branch, or push a first commit to it",
        )


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
) -> Iterator[Checkout]:
    """The checkout of a branch of a Git repository, locked against other processes.

    Makes no request to the remote before `refresh`. Raises GitError for an invalid URL or branch,
    and when the cache stays locked.
    """
    parsed = parse_url(url)
    path = cache_path(cache_dir, parsed.text, check_branch(branch))
    runner = Runner(
        directory=path,
        access=access,
        url=parsed,
        local_seconds=local_seconds,
        remote_seconds=remote_seconds,
        stop=stop or Stop(),
    )
    with locked(path, seconds=lock_seconds):
        yield Checkout(runner, branch)
