"""Which branches a remote has, asked without the cache, so that a damaged one does not matter."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace

from imagebot.errors import GitError
from imagebot.git.cache import make_parent
from imagebot.git.classify import missing_branch
from imagebot.git.runner import Runner
from imagebot.git.tree import parse_refs

HEADS = "refs/heads/"
_MAX_REFS = 8 * 1024 * 1024


def remote_branches(runner: Runner, *patterns: str) -> dict[str, str]:
    """The remote's branches that match one of these patterns of ls-remote, with their commits."""
    outside = replace(runner, directory=runner.directory.parent, repository="none")
    make_parent(runner.directory)
    output = outside.remote("ls-remote", "--quiet", "origin", *patterns, limit=_MAX_REFS)
    refs = parse_refs(output)
    return {ref.removeprefix(HEADS): oid for ref, oid in refs.items() if ref.startswith(HEADS)}


def no_branch(runner: Runner, branch: str) -> GitError:
    """The error for a target whose branch is missing; it names those that are there."""
    found: Collection[str] = ()
    with contextlib.suppress(GitError):
        found = remote_branches(runner, f"{HEADS}*")
    return missing_branch(runner.subject, branch, found)
