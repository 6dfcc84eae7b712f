"""Moves branches of the remote, and tells a push that was lost from a cache that lost something.

git decides by the objects in the cache whether a push goes forwards. When the cache does not have
the commit that the remote's branch is at, git says that somebody else has pushed.
"""

from __future__ import annotations

from imagebot.errors import GitAuthError, GitError, PushRejectedError
from imagebot.git.bare import BareCache
from imagebot.git.cache import exists
from imagebot.git.classify import damaged_cache, push_failure, quote_git
from imagebot.git.remote import HEADS, remote_branches
from imagebot.git.tree import as_lines
from imagebot.git.url import check_branch
from imagebot.values import dataclass

_REMADE = "another imagebot has made it anew in the meantime"
# As `git push` does it.
_PACK = ("pack-objects", "--quiet", "--revs", "--thin", "--stdout")
_PUSH = ("--porcelain", "--no-verify", "--no-follow-tags", "--quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A branch of the remote, and the commit that it is to be at; "" deletes it.

    `lease` is where the branch must be before, "" if there must be none, None if anywhere behind
    `commit`. `bases` are commits that are known to be behind `commit`, whatever the cache has.
    """

    branch: str
    commit: str
    lease: str | None = None
    bases: frozenset[str] = frozenset()

    @property
    def arguments(self) -> tuple[str, ...]:
        """Those of `git push`."""
        ref = f"{HEADS}{check_branch(self.branch)}"
        lease = () if self.lease is None else (f"--force-with-lease={ref}:{self.lease}",)
        return (*_PUSH, *lease, "origin", f"{self.commit}:{ref}")

    @property
    def packed(self) -> bytes:
        """For `git pack-objects`: what is to be sent where the remote has one of `bases`."""
        return as_lines((self.commit, *(f"^{base}" for base in sorted(self.bases))))


def push(cache: BareCache, move: Move, *options: str) -> None:
    """Make a move, or ask whether it could be made, with the option `--dry-run`.

    A branch that is to be deleted may be gone already. Raises PushRejectedError when the remote
    refuses it, and only then; DamagedCacheError when it failed because of the cache.
    """
    result = cache.push(*options, *move.arguments)
    if result.status == 0:
        return
    # git blames the remote when the cache has lost the commit.
    cache.assert_has(move.commit)
    runner = cache.runner
    output = result.out.decode("utf-8", "replace")
    subject = f"{runner.subject} {move.branch}"
    # Only branches of pull requests are pushed with a lease.
    proposes = move.lease is not None
    redaction = runner.access.redaction
    refused = push_failure(subject, output, result.err, redaction, proposes=proposes)
    if refused is None or refused.kind == "other":
        raise _blame(cache, move, refused or runner.failure(result), result.err)
    _check_lost(cache, move, refused)


def _blame(cache: BareCache, move: Move, error: GitError, said: str) -> GitError:
    """The error of a push that failed with `error`, when git had `said` this.

    A damaged cache breaks off the connection, or sends what the remote refuses.
    """
    if isinstance(error, GitAuthError):
        return error
    path = str(cache.runner.directory)
    damage = "\n".join(line for line in said.splitlines() if path in line)
    if not damage and cache.was_remade():
        damage = _REMADE
    if not damage and exists(cache.runner.directory / "shallow"):
        damage = "it says that commits have no parents"
    if not damage and move.bases:
        # Raises DamagedCacheError.
        cache.local(*_PACK, payload=move.packed)
    if not damage and not cache.fresh:
        # In a fresh one it would be the remote's own flaws, and the push be refused again.
        damage = cache.fsck()
    return damaged_cache(path, quote_git(damage)) if damage else error


def _check_lost(cache: BareCache, move: Move, refused: PushRejectedError) -> None:
    """Raise what a refused push stands for; nothing, for a branch that is deleted already."""
    deleted = not move.commit and refused.kind == "lease"
    forwards = bool(move.bases) and refused.kind == "behind"
    if not deleted and not forwards:
        raise refused
    now = remote_branches(cache.runner, f"{HEADS}{move.branch}").get(move.branch)
    if forwards and now in move.bases:
        reason = f"git cannot tell that commit {move.commit} is ahead of {now}"
        raise damaged_cache(str(cache.runner.directory), reason)
    # By a push that was taken and then tried again, or by somebody else.
    if forwards or now is not None:
        raise refused
