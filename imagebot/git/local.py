"""The Git repository around a folder: the target of `imagebot run` without `-c`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from imagebot.errors import GitError, NoWorkTreeError
from imagebot.git.classify import quote_git
from imagebot.git.credentials import Access, access_for
from imagebot.git.runner import Runner
from imagebot.git.url import check_branch, parse_url
from imagebot.text import redact
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """`url` is that of the remote called `remote`, without credentials; `top` the top of the work
    tree."""

    url: str
    branch: str
    top: Path
    remote: str = "origin"


def discover(directory: Path, environment: Mapping[str, str]) -> LocalRepository:
    """The remote and the branch of the work tree that `directory` is in.

    The remote is the one that the branch follows, else `origin`. Raises GitError with what to do
    without a remote or a branch.
    """
    runner = Runner(directory=directory, access=_own(environment), repository="around")
    found = runner.try_local("rev-parse", "--show-toplevel")
    if found.status != 0:
        if "dubious ownership" in found.err:
            hint = "run `git config --global --add safe.directory FOLDER`, or name a target with -c"
            raise GitError(str(directory), quote_git(found.err), hint=hint)
        hint = "go to a checkout, or name a target with -c"
        raise NoWorkTreeError(str(directory), "not in a Git work tree", hint=hint)
    top = Path(found.out.decode("utf-8", "surrogateescape").removesuffix("\n"))
    branch = _one(runner, "symbolic-ref", "--quiet", "--short", "HEAD")
    if not branch:
        raise GitError(
            str(top),
            "no branch is checked out",
            hint="check out a branch, or name a target with -c",
        )
    remote = _one(runner, "config", "--get", f"branch.{branch}.remote")
    upstream = _one(runner, "config", "--get", f"branch.{branch}.merge")
    if remote in ("", ".") or remote.startswith("-"):
        remote = "origin"
    url = _one(runner, "remote", "get-url", "--", remote)
    if not url:
        raise GitError(
            str(top),
            f"the repository has no remote {remote!r}",
            hint="add one, or name a target with -c",
        )
    name = upstream.removeprefix("refs/heads/") or branch
    return LocalRepository(_usable(url, top), check_branch(name), top, remote)


def _own(environment: Mapping[str, str]) -> Access:
    """With the user's own Git configuration, whose work tree this is: which folders are safe
    although somebody else owns them, and what short URLs stand for. No command here runs what
    a configuration names.
    """
    access = access_for(None, environment)
    home = environment.get("HOME", "/nonexistent")
    own = {
        "HOME": home,
        "GIT_CONFIG_GLOBAL": environment.get("GIT_CONFIG_GLOBAL", f"{home}/.gitconfig"),
        "GIT_CONFIG_NOSYSTEM": environment.get("GIT_CONFIG_NOSYSTEM", "0"),
    }
    return replace(access, inherited={**access.inherited, **own})


def _usable(url: str, top: Path) -> str:
    url = redact(url) if url.startswith(("http://", "https://")) else url
    if not url.startswith("/") and "://" not in url and (top / url).is_dir():
        url = (top / url).resolve().as_uri()
    return parse_url(url).text


def _one(runner: Runner, *args: str) -> str:
    result = runner.try_local(*args)
    return result.out.decode("utf-8", "replace").strip() if result.status == 0 else ""
