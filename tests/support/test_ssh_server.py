from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.git_repository import GitError, git
from tests.support.git_server import GitServer
from tests.support.ssh_server import SshServer


def test_clone_and_push(git_server: GitServer, ssh_server: SshServer, tmp_path: Path) -> None:
    git_server.make_repository("acme/gitops", {"a.yaml": b"image: app:1\n"})
    env = {"GIT_SSH_COMMAND": ssh_server.command()}
    url = ssh_server.url_of("acme/gitops")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", url, "clone", env=env)
    clone = tmp_path / "clone"
    (clone / "new").write_bytes(b"new")
    git(clone, "add", "new")
    git(clone, "commit", "--quiet", "--message", "New")
    git(clone, "push", "--quiet", "origin", "HEAD:main", env=env)
    assert git_server.read_files("acme/gitops") == {"a.yaml": b"image: app:1\n", "new": b"new"}


def test_another_key_is_refused(
    git_server: GitServer, ssh_server: SshServer, tmp_path: Path
) -> None:
    git_server.make_repository("a", {"a.yaml": b""})
    env = {"GIT_SSH_COMMAND": ssh_server.command(ssh_server.other_key_file)}
    with pytest.raises(GitError, match="Permission denied"):
        git(tmp_path, "ls-remote", ssh_server.url_of("a"), env=env)


def test_an_unknown_host_key_is_refused(
    git_server: GitServer, ssh_server: SshServer, tmp_path: Path
) -> None:
    git_server.make_repository("a", {"a.yaml": b""})
    ssh_server.known_hosts_file.write_text("")
    env = {"GIT_SSH_COMMAND": ssh_server.command()}
    with pytest.raises(GitError, match="Host key verification failed"):
        git(tmp_path, "ls-remote", ssh_server.url_of("a"), env=env)


@pytest.mark.parametrize("name", ["../outside", "no-such-repository"])
def test_only_repositories_below_the_root(ssh_server: SshServer, tmp_path: Path, name: str) -> None:
    env = {"GIT_SSH_COMMAND": ssh_server.command()}
    with pytest.raises(GitError, match=r"no such repository|not appear to be a git repo"):
        git(tmp_path, "ls-remote", ssh_server.url_of(name), env=env)
