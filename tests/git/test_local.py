from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.errors import GitError
from imagebot.git.local import discover
from tests.support.git_repository import git
from tests.support.require import MISSING


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "https://github.com/acme/gitops.git")
    return folder


def test_from_anywhere_inside(work: Path) -> None:
    (work / "a" / "b").mkdir(parents=True)
    found = discover(work / "a" / "b", os.environ)
    assert (found.url, found.branch, found.top) == (
        "https://github.com/acme/gitops.git",
        "main",
        work.resolve(),
    )


def test_the_branch_that_is_followed(work: Path) -> None:
    git(work, "remote", "add", "upstream", "git@github.com:acme/other.git")
    git(work, "config", "branch.main.remote", "upstream")
    git(work, "config", "branch.main.merge", "refs/heads/trunk")
    found = discover(work, os.environ)
    assert (found.url, found.branch) == ("git@github.com:acme/other.git", "trunk")


def test_no_credential_leaves_it(work: Path) -> None:
    git(work, "remote", "set-url", "origin", "https://bot:s3cret@github.com/acme/gitops.git")
    assert discover(work, os.environ).url == "https://github.com/acme/gitops.git"


def test_a_remote_on_this_machine(work: Path, tmp_path: Path) -> None:
    (tmp_path / "bare.git").mkdir()
    git(work, "remote", "set-url", "origin", "../bare.git")
    assert discover(work, os.environ).url == (tmp_path / "bare.git").resolve().as_uri()


def test_no_work_tree(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not in a Git work tree") as caught:
        discover(tmp_path, os.environ)
    assert "-c" in caught.value.hint


def test_no_branch(work: Path) -> None:
    git(work, "commit", "--quiet", "--allow-empty", "--message=x")
    git(work, "checkout", "--quiet", "--detach")
    with pytest.raises(GitError, match="no branch is checked out") as caught:
        discover(work, os.environ)
    assert "-c" in caught.value.hint


def test_no_remote(work: Path) -> None:
    git(work, "remote", "remove", "origin")
    with pytest.raises(GitError, match="no remote 'origin'"):
        discover(work, os.environ)


@pytest.mark.parametrize("url", ["ext::sh -c true", "http://github.com/a/b", "ssh://-oX/a"])
def test_a_remote_that_is_not_allowed(url: str, work: Path) -> None:
    git(work, "config", "remote.origin.url", url)
    with pytest.raises(GitError):
        discover(work, os.environ)


def environment_with(home: Path, settings: str) -> dict[str, str]:
    (home / ".gitconfig").write_text(settings)
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def test_short_urls_of_the_user(work: Path, home: Path) -> None:
    git(work, "remote", "set-url", "origin", "gh:acme/gitops")
    settings = '[url "https://bot:s3cret@github.com/"]\ninsteadOf = gh:\n'
    assert discover(work, environment_with(home, settings)).url == "https://github.com/acme/gitops"


@pytest.mark.skipif(os.geteuid() != 0, reason=f"{MISSING}root (only root can give a folder away)")
def test_a_work_tree_of_somebody_else(work: Path, home: Path) -> None:
    """As in a CI job whose container has another user than its checkout."""
    for path in (work, work / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(GitError, match="dubious ownership") as caught:
        discover(work, environment_with(home, ""))
    assert "safe.directory" in caught.value.hint
    settings = f"[safe]\ndirectory = {work}\n"
    assert discover(work, environment_with(home, settings)).branch == "main"


def test_nothing_that_a_configuration_names_runs(work: Path, home: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    run = tmp_path / "run"
    run.write_text(f"#!/bin/sh\necho ran >> '{marker}'\n")
    run.chmod(0o755)
    hooks = work / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-index-change").write_bytes(run.read_bytes())
    (hooks / "post-index-change").chmod(0o755)
    settings = (
        f"[core]\nfsmonitor = {run}\npager = {run}\nsshCommand = {run}\neditor = {run}\n"
        f"[alias]\nrev-parse = !{run}\nconfig = !{run}\nremote = !{run}\n"
        f"[credential]\nhelper = {run}\n"
    )
    with (work / ".git" / "config").open("a") as file:
        file.write(settings)
    assert discover(work, environment_with(home, settings)).branch == "main"
    assert not marker.exists()
