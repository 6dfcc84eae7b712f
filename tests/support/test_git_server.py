from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.git_repository import (
    BareRepository,
    Entry,
    Executable,
    GitError,
    Submodule,
    Symlink,
    git,
    git_text,
)
from tests.support.git_server import TOKEN, GitServer

FILES: dict[str, Entry] = {
    "a/b.yaml": b"image: app:1\r\n",
    "run.sh": Executable(b"#!/bin/sh\n"),
    "link": Symlink("a/b.yaml"),
    "module": Submodule("1" * 40),
}


def test_repository(tmp_path: Path) -> None:
    repository = BareRepository.create(tmp_path / "a.git", FILES, branch="trunk")
    second = repository.commit(
        {"run.sh": None, "new": b""}, branch="trunk", message="Second\n\nbody"
    )
    assert repository.read_files("trunk") == {
        "a/b.yaml": b"image: app:1\r\n",
        "link": b"a/b.yaml",
        "module": b"",
        "new": b"",
    }
    assert repository.modes("trunk")["link"] == "120000"
    git(repository.folder, "fsck", "--strict")
    newest, oldest = repository.log("trunk")
    assert (newest.sha, newest.message) == (second, "Second\n\nbody")
    assert (oldest.author, oldest.email) == ("Alice Example", "alice@example.com")


def test_clone_and_push_with_the_token(git_server: GitServer, tmp_path: Path) -> None:
    git_server.make_repository("acme/gitops", FILES)
    url = git_server.url_of("acme/gitops", token=TOKEN)
    git(tmp_path, "clone", "--quiet", url, "clone")
    clone = tmp_path / "clone"
    assert os.access(clone / "run.sh", os.X_OK)
    # More than http.postBuffer, so that git sends it in chunks.
    (clone / "new").write_bytes(os.urandom(1_500_000))
    git(clone, "add", "new")
    git(clone, "commit", "--quiet", "--message", "New")
    git(clone, "push", "--quiet", "origin", "HEAD:main", "HEAD:refs/heads/other")
    assert git_server.read_files("acme/gitops")["new"] == (clone / "new").read_bytes()
    assert [commit.message for commit in git_server.log("acme/gitops", "other")] == [
        "New",
        "Initial commit",
    ]


@pytest.mark.parametrize("token", [None, "wrong"])
def test_refused_without_the_token(
    git_server: GitServer, tmp_path: Path, token: str | None
) -> None:
    git_server.make_repository("a", FILES)
    with pytest.raises(GitError, match=r"could not read Username|Authentication failed"):
        git(tmp_path, "ls-remote", git_server.url_of("a", token=token))
    assert {request.status for request in git_server.requests} == {401}


def test_read_only_token(git_server: GitServer, tmp_path: Path) -> None:
    git_server.make_repository("a", FILES)
    git_server.read_only.add("reader")
    git(tmp_path, "clone", "--quiet", git_server.url_of("a", token="reader"), "clone")
    with pytest.raises(GitError, match="403"):
        git(tmp_path / "clone", "push", "origin", "HEAD:other")


def test_protected_branch(git_server: GitServer, tmp_path: Path) -> None:
    git_server.make_repository("a", FILES)
    git_server.repository("a").protect("main")
    git(tmp_path, "clone", "--quiet", git_server.url_of("a", token=TOKEN), "clone")
    clone = tmp_path / "clone"
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "x")
    with pytest.raises(GitError, match=r"remote rejected.*hook declined"):
        git(clone, "push", "origin", "HEAD:main")
    git(clone, "push", "--quiet", "origin", "HEAD:other")


def test_partial_clone(git_server: GitServer, tmp_path: Path) -> None:
    url = git_server.make_repository("a", FILES)
    git_server.tokens.clear()
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", url, "partial")
    missing = git_text(tmp_path / "partial", "rev-list", "--objects", "--missing=print", "--all")
    assert sum(line.startswith("?") for line in missing.splitlines()) == 3
    git_server.allow_filter = False
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", url, "full")
    assert "?" not in git_text(
        tmp_path / "full", "rev-list", "--objects", "--missing=print", "--all"
    )


def test_tls(start_git_server: Callable[..., GitServer], tmp_path: Path) -> None:
    server = start_git_server(tls=True)
    server.make_repository("a", FILES)
    url = server.url_of("a", token=TOKEN)
    assert url.startswith("https://")
    trust = f"http.sslCAInfo={server.ca_file}"
    assert b"refs/heads/main" in git(tmp_path, "-c", trust, "ls-remote", url)
    with pytest.raises(GitError, match="certificate"):
        git(tmp_path, "ls-remote", url)


def test_redirect_shows_the_leak(
    start_git_server: Callable[..., GitServer], tmp_path: Path
) -> None:
    """git sends http.extraHeader on to wherever it is redirected: what imagebot must stop."""
    other = start_git_server(tokens=set())
    other.make_repository("a", FILES)
    server = start_git_server()
    server.redirect_to = other.url
    header = "Authorization: Basic " + base64.b64encode(f"git:{TOKEN}".encode()).decode()
    extra = f"http.{server.url}/.extraHeader={header}"
    git(tmp_path, "-c", extra, "clone", "--quiet", server.url_of("a"), "clone")
    assert [request.status for request in server.requests] == [302]
    leaked = {request.headers.get("Authorization") for request in other.requests}
    assert header.removeprefix("Authorization: ") in leaked
