from __future__ import annotations

from collections.abc import Callable, Mapping
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
    subjects = [line.split(":")[1].strip() for line in lines[:-2]]
    assert subjects == ["credential", "git", "configuration", "push", "image fields", "forge"]
    assert f"registry {registry.host}" in lines[-2]
    assert lines[-1] == "ok    acme/gitops: plan: 0 updates, 1 kept, 0 warnings"
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
    assert any(line.startswith("ok    work: forge: none") for line in lines)
    # As `run` says.
    assert any(line.startswith("FAIL  work: configuration: imagebot.yaml: ") for line in lines)
    lines = cli("doctor", "--no-config").out.splitlines()
    assert not any("configuration: imagebot.yaml: " in line for line in lines)


def detach(here: Path) -> None:
    git(here, "checkout", "--quiet", "--detach")


def take_remote_away(here: Path) -> None:
    git(here, "remote", "remove", "origin")


def name_an_odd_remote(here: Path) -> None:
    git(here, "remote", "set-url", "origin", "ftp://127.0.0.1/x.git")


@pytest.mark.parametrize("spoil", [detach, take_remote_away, name_an_odd_remote])
def test_a_checkout_that_run_cannot_use(
    spoil: Callable[[Path], None],
    cli: Cli,
    folder: Path,
    git_server: GitServer,
    registry: Registry,
    repository: str,
) -> None:
    """GitLab's jobs check out a commit: there `run` fails, so that this does, too."""
    registry.push_image(repository, "1")
    manifest = deployment(f"{registry.host}/{repository}:1").encode()
    git_server.make_repository("one", {"a.yaml": manifest})
    git(folder, "clone", "--quiet", git_server.url_of("one", token=git_server.token), ".")
    spoil(folder)
    checked, ran = cli("doctor"), cli("run")
    assert (checked.code, ran.code) == (1, 1), checked.out
    (failed,) = [line for line in checked.out.splitlines() if line.startswith("FAIL")]
    assert failed.removeprefix("FAIL  git: ") in ran.err
    assert checked.out.splitlines()[-1] == f"      {ran.err.splitlines()[-1]}"


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


FAILS = {
    "a route that opens pull requests without a forge": (
        {"imagebot.yaml": CONFIGURATION.replace(b"commit", b"pull-request")},
        "",
        "routes: route 'all' opens pull requests: ",
    ),
    "limits.commit that allows none of the route's files": (
        {},
        ", limits: {commit: [other/**]}",
        "limits: route 'all' commits to app.yaml, which limits.commit does not allow",
    ),
    "limits.commit that has nothing in common with the route's files": (
        {"imagebot.yaml": CONFIGURATION.replace(b'"**"]', b'"app.yaml"]')},
        ", limits: {commit: [other/**]}",
        "limits: route 'all' commits, but limits.commit of target 'one' allows none of its files",
    ),
    "limits.commit that allows a chart and not its lock file": (
        {
            "c/Chart.yaml": b"apiVersion: v2\nname: c\ndependencies:\n"
            b"  - {name: d, version: 1.0.0, repository: 'oci://127.0.0.1:1/x'}\n",
            "c/Chart.lock": b"dependencies: []\n",
        },
        ", limits: {commit: [app.yaml, '**/Chart.yaml']}",
        "limits: route 'all' commits to c/Chart.lock, which limits.commit does not allow",
    ),
    "more updates than the limit": (
        {"second": b""},
        ", limits: {max-updates: 1}",
        "plan: 2 updates are more than limits.max-updates allows (1)",
    ),
    "a file that a route covers and that cannot be read": (
        {"broken.yaml": b"image: [a:1\n"},
        "",
        "plan: broken.yaml:",
    ),
    "a branch that keeps the bot's from being made": (
        {"imagebot.yaml": CONFIGURATION.replace(b"commit", b"pull-request")},
        "",
        "push: the branch 'imagebot' keeps every imagebot/* from being pushed",
    ),
}


@pytest.fixture
def target(
    folder: Path,
    git_server: GitServer,
    registry: Registry,
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Makes a target with one update, and the bot's own file for it."""
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    monkeypatch.setenv("TOKEN", git_server.token)

    def make(files: Mapping[str, bytes], more: str) -> None:
        manifest = deployment(f"{registry.host}/{repository}:1.0.0").encode()
        start = {"app.yaml": manifest, "imagebot.yaml": CONFIGURATION}
        if "second" in files:
            start["second.yaml"] = manifest
        url = git_server.make_repository("one", {**start, **files})
        text = bot_text(url, more, registry.host)
        folder.joinpath("bot.yaml").write_text(text)

    return make


@pytest.mark.parametrize("name", FAILS)
def test_it_fails_where_run_fails(
    name: str, cli: Cli, target: Callable[..., None], git_server: GitServer
) -> None:
    files, more, said = FAILS[name]
    target(files, more)
    if "a branch that keeps" in name:
        bare = git_server.repository("one")
        bare.move("imagebot", str(bare.head()))
    checked = cli("doctor", "-c", "bot.yaml")
    assert checked.code == 1
    assert f"FAIL  one: {said}" in checked.out
    assert cli("run", "-c", "bot.yaml").code == 1


def test_a_token_that_may_only_read(
    cli: Cli, target: Callable[..., None], git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    target({}, "")
    git_server.read_only = {"reader"}
    monkeypatch.setenv("TOKEN", "reader")
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 1
    said = "the credential may not do this (credential it, variable TOKEN)"
    assert f"FAIL  one: push: {git_server.url_of('one')}: {said}" in result.out


def test_what_does_not_fail_is_a_warning(cli: Cli, target: Callable[..., None]) -> None:
    target({}, ", paused: we move house, limits: {images: [quay.io/**]}")
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 0
    lines = result.out.splitlines()
    assert "warn  one: paused: we move house: nothing is published" in lines
    assert any(
        line.startswith("warn  one: limits: limits.images does not allow ") for line in lines
    )
    assert cli("run", "-c", "bot.yaml").code == 0


def test_secrets_of_the_daemon(
    cli: Cli, folder: Path, target: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    target({}, "")
    monkeypatch.setenv("HOOK_SECRET", "hook-secret-0123456789")
    with folder.joinpath("bot.yaml").open("a") as file:
        file.write(
            "\nserve:\n  password: {file: /nowhere/password}\n  hooks:\n"
            "    good: {type: hmac, secret: {env: HOOK_SECRET}}\n"
            "    bad: {type: hmac, secret: {env: MISSING}}\n"
            "    open: {type: hmac, insecure: true}\n"
        )
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 0
    assert "ok    serve.hooks.good: the secret can be read" in result.out
    assert "warn  serve.hooks.bad: the variable MISSING, which should hold a secret" in result.out
    assert "warn  serve.password: cannot read the secret in the file /nowhere" in result.out
    assert "serve.hooks.open" not in result.out


def test_only_the_targets_that_are_named(
    cli: Cli, folder: Path, target: Callable[..., None], git_server: GitServer
) -> None:
    target({}, "")
    text = folder.joinpath("bot.yaml").read_text()
    other = "targets:\n  - {url: 'http://127.0.0.1:1/other.git', branch: main}\n  - "
    folder.joinpath("bot.yaml").write_text(text.replace("targets: [", other).replace("it}]", "it}"))
    for command in ("doctor", "plan", "run"):
        assert cli(command, "-c", "bot.yaml", "--target", "one").code == 0
        assert cli(command, "-c", "bot.yaml").code == 1
        wrong = cli(command, "-c", "bot.yaml", "--target", "othr")
        assert wrong.code == 2
        assert "there is no target 'othr'" in wrong.err
        assert "did you mean other?" in wrong.err


def test_nothing_is_changed(cli: Cli, target: Callable[..., None], git_server: GitServer) -> None:
    target({}, "")
    refs = git_server.repository("one").refs()
    assert cli("doctor", "-c", "bot.yaml").code == 0
    assert git_server.repository("one").refs() == refs


def test_a_protected_branch(
    cli: Cli,
    folder: Path,
    forge: Forge,
    registry: Registry,
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dry push is accepted: only the API says that the real one is not."""
    registry.push_image(repository, "1")
    manifest = deployment(f"{registry.host}/{repository}:1").encode()
    url = forge.make_repository(files={"imagebot.yaml": CONFIGURATION, "app.yaml": manifest})
    api = f", forge: {{kind: github, url: '{forge.api_url}'}}"
    folder.joinpath("bot.yaml").write_text(bot_text(url, api, registry.host))
    monkeypatch.setenv("TOKEN", forge.bot_token)
    rules = {
        "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": None,
        "restrictions": None,
    }
    forge.api("PUT", "/repos/acme/gitops/branches/main/protection", rules)
    result = cli("doctor", "-c", "bot.yaml")
    lines = [
        line for line in result.out.splitlines() if "protection: main: it is protected" in line
    ]
    assert len(lines) == 1, result.out
    assert result.code == int(lines[0].startswith("FAIL"))


def test_a_typo_in_a_glob_is_no_failure(cli: Cli, target: Callable[..., None]) -> None:
    """Neither is it one of `run`, which warns as well."""
    target({"imagebot.yaml": CONFIGURATION.replace(b'"**"]', b'"prodution/**"]')}, "")
    checked = cli("doctor", "-c", "bot.yaml")
    assert checked.code == cli("run", "-c", "bot.yaml").code == 0, checked.out
    assert "warn  one: image fields: no route and image entry" in checked.out
    assert "ok    one: plan: 0 updates" in checked.out
