from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, deployment
from tests.support.git_repository import git
from tests.support.git_server import GitServer
from tests.support.github import Forge
from tests.support.registry import Registry

CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""


def bot_text(url: str, more: str = "", registry: str = "r.example") -> str:
    return (
        f"targets: [{{url: '{url}', branch: main, credential: it{more}}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        f"registries: {{'{registry}': {{}}}}\n"
    )


def test_all_well(
    cli: Cli,
    folder: Path,
    forge: Forge,
    registry: Registry,
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry.push_image(repository, "1")
    manifest = deployment(f"{registry.host}/{repository}:1").encode()
    url = forge.make_repository(files={"imagebot.yaml": CONFIGURATION, "app.yaml": manifest})
    api = f", forge: {{kind: github, url: '{forge.api_url}'}}"
    folder.joinpath("bot.yaml").write_text(bot_text(url, api, registry.host))
    monkeypatch.setenv("TOKEN", forge.bot_token)
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 0, result.out
    lines = result.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    subjects = [line.split(":")[1].strip() for line in lines[:-1]]
    assert subjects == ["credential", "git", "configuration", "image fields", "forge"]
    assert f"registry {registry.host}" in lines[-1]
    assert forge.bot_token not in result.out


def test_each_failure_says_what_to_do(
    cli: Cli, folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = deployment("127.0.0.1:1/app:1").encode()
    url = git_server.make_repository("one", {"app.yaml": manifest, "imagebot.yaml": b"x: 1\n"})
    folder.joinpath("bot.yaml").write_text(bot_text(url))
    missing = cli("doctor", "-c", "bot.yaml")
    assert missing.code == 1
    assert "FAIL  one: credential: " in missing.out
    monkeypatch.setenv("TOKEN", "wrong")
    wrong = cli("doctor", "-c", "bot.yaml")
    assert "FAIL  one: git: " in wrong.out
    monkeypatch.setenv("TOKEN", git_server.token)
    broken = cli("doctor", "-c", "bot.yaml")
    assert "FAIL  one: configuration: imagebot.yaml:1:1: x" in broken.out


def test_a_folder(cli: Cli, folder: Path, registry: Registry, repository: str) -> None:
    registry.push_image(repository, "1")
    folder.joinpath("a.yaml").write_text(deployment(f"{registry.host}/{repository}:1"))
    folder.joinpath("b.yaml").write_text(deployment("127.0.0.1:1/app:1"))
    result = cli("doctor")
    assert result.code == 1
    fields, bad, hint, good, git = result.out.splitlines()
    assert fields == "ok    folder: image fields: 2 in 2 files"
    assert git.startswith("ok    git: nothing that `run` could publish to: ")
    found = f"anonymous; lists {registry.host}/{repository}: 1 tag"
    assert good == f"ok    registry {registry.host}: {found}"
    assert bad.startswith("FAIL  registry 127.0.0.1:1")
    assert hint.startswith("      hint: ")


def test_an_empty_folder(cli: Cli) -> None:
    result = cli("doctor")
    assert result.code == 1
    assert "none found" in result.out


def test_a_checkout(
    cli: Cli, folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = git_server.make_repository("one", {"a.yaml": deployment("127.0.0.1:1/app:1").encode()})
    git(folder, "clone", "--quiet", git_server.url_of("one", token=git_server.token), ".")
    git(folder, "remote", "set-url", "origin", url)
    without = cli("doctor")
    assert "FAIL  work: git: " in without.out
    assert "IMAGEBOT_GIT_TOKEN" in without.out
    monkeypatch.setenv("IMAGEBOT_GIT_TOKEN", git_server.token)
    lines = cli("doctor").out.splitlines()
    assert "ok    work: credential: IMAGEBOT_GIT_TOKEN can be read" in lines
    assert any(line.startswith(f"ok    work: git: {url} main is at ") for line in lines)
    assert lines[-1].startswith("ok    work: forge: none")


def test_pull_requests_where_there_is_no_forge(
    cli: Cli, folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposing = CONFIGURATION.replace(b"publish: commit", b"publish: pull-request")
    manifest = deployment("127.0.0.1:1/app:1").encode()
    url = git_server.make_repository("one", {"a.yaml": manifest, "imagebot.yaml": proposing})
    folder.joinpath("bot.yaml").write_text(bot_text(url))
    monkeypatch.setenv("TOKEN", git_server.token)
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 1
    assert "FAIL  one: routes: route 'all' opens pull requests: imagebot knows no forge on" in (
        result.out
    )
    git(folder, "clone", "--quiet", git_server.url_of("one", token=git_server.token), "here")
    git(folder / "here", "remote", "set-url", "origin", url)
    monkeypatch.chdir(folder / "here")
    assert "FAIL  here: routes: route 'all' opens pull requests" in cli("doctor").out
