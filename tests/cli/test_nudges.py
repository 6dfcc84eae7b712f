"""`run` tells of its commits, and `doctor` finds out whether it could."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Cli, Result, deployment
from tests.support.git_server import GitServer
from tests.support.receiver import Application, ArgoCd, FluxReceiver
from tests.support.registry import Registry
from tests.support.scripted_http import Answer, ScriptedServer

SECRET = "c0rrect-horse-battery"
CONFIGURATION = """\
routes:
  - {name: test, files: [test/**], publish: commit, images: [{match: "**", policy: shape}]}
  - {name: rest, files: ["**"], publish: pull-request, images: [{match: "**", policy: shape}]}
"""
SCHEMA_OF_LOG = json.loads(
    Path(__file__).parents[2].joinpath("docs/schema/log.schema.json").read_text("utf-8")
)
Start = Callable[..., ScriptedServer]
Bot = Callable[..., str]


@pytest.fixture
def bot(
    folder: Path,
    git_server: GitServer,
    registry: Registry,
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Bot:
    """Makes a target with one update, in `test/app.yaml` or elsewhere, and a bot that nudges."""
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    monkeypatch.setenv("TOKEN", git_server.token)
    monkeypatch.setenv("SECRET", SECRET)

    def make(*nudges: str, path: str = "test/app.yaml", forge: str = "none") -> str:
        manifest = deployment(f"{registry.host}/{repository}:1.0.0").encode()
        files = {path: manifest, "imagebot.yaml": CONFIGURATION.encode()}
        url = git_server.make_repository("one", files)
        each = "".join(f"  - {nudge}\n" for nudge in nudges)
        folder.joinpath("bot.yaml").write_text(
            f"targets: [{{url: '{url}', branch: main, credential: it, forge: {{{forge}}}}}]\n"
            "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
            f"registries: {{'{registry.host}': {{}}}}\nnudges:\n{each}"
        )
        return url

    return make


def to_flux(url: str) -> str:
    return f"{{type: flux, url: '{url}', secret: {{env: SECRET}}}}"


def log(result: Result) -> list[Any]:
    written = [json.loads(line) for line in result.err.splitlines()]
    for entry in written:
        jsonschema.validate(entry, SCHEMA_OF_LOG)
    return written


NO_FORGE = "kind: none"


def test_a_commit_is_told_once(
    cli: Cli, bot: Bot, git_server: GitServer, start_scripted: Start, repository: str
) -> None:
    receiver = FluxReceiver(SECRET)
    server = start_scripted(receiver)
    url = bot(to_flux(f"{server.url}{receiver.path}"), forge=NO_FORGE)
    before = git_server.repository("one").refs()["refs/heads/main"]
    assert cli("run", "-c", "bot.yaml", "--dry-run").code == 0
    assert server.requests == []
    first = cli("run", "-c", "bot.yaml", "--log-format", "json")
    committed, nudged, done = log(first)
    assert (first.code, committed["event"], done["event"]) == (0, "committed", "pass")
    after = git_server.repository("one").refs()["refs/heads/main"]
    assert after != before
    assert nudged["event"] == "nudged"
    assert nudged["message"] == f"one: nudged flux at {server.host}"
    assert nudged["commit"] == after
    (body,) = receiver.reconciled
    assert (body["target"], body["url"], body["branch"]) == ("one", url, "main")
    assert (body["before"], body["commit"]) == (before, after)
    (update,) = body["updates"]
    assert update["path"] == "test/app.yaml"
    assert (update["old"], update["new"]) == (f"{update['name']}:1.0.0", f"{update['name']}:1.1.0")
    assert update["name"].endswith(repository)
    again = cli("run", "-c", "bot.yaml", "--log-format", "json")
    assert [entry["event"] for entry in log(again)] == ["pass"]
    assert len(server.requests) == 1


def test_as_a_table(cli: Cli, bot: Bot, start_scripted: Start) -> None:
    receiver = FluxReceiver(SECRET)
    server = start_scripted(receiver)
    bot(to_flux(f"{server.url}{receiver.path}"), forge=NO_FORGE)
    result = cli("run", "-c", "bot.yaml")
    assert result.code == 0
    assert result.out.splitlines()[-1] == f"one: nudged flux at {server.host}"


def test_who_cannot_be_told_is_a_problem_and_the_commit_stays(
    cli: Cli, bot: Bot, git_server: GitServer, start_scripted: Start
) -> None:
    server = start_scripted(lambda _request: Answer(404, body=SECRET))
    bot(to_flux(f"{server.url}/hook/pr1vate-path"), forge=NO_FORGE)
    result = cli("run", "-c", "bot.yaml", "--format", "json")
    assert result.code == 1
    assert b":1.1.0" in git_server.read_files("one")["test/app.yaml"]
    (problem,) = result.json["problems"]
    assert (problem["scope"], problem["code"], problem["target"]) == ("change", "nudge", "one")
    assert problem["message"] == f"flux at {server.host}: it answered with status 404"
    assert [entry["status"] for entry in result.json["published"]] == ["committed"]
    for secret in (SECRET, "pr1vate-path"):
        assert secret not in result.out + result.err


def test_a_pull_request_is_no_commit_to_tell_of(
    cli: Cli, bot: Bot, folder: Path, start_scripted: Start
) -> None:
    server = start_scripted(lambda _request: Answer(200))
    folder.joinpath("requests").mkdir()
    bot(
        to_flux(server.url),
        path="other/app.yaml",
        forge=f"kind: sandbox, folder: '{folder}/requests'",
    )
    result = cli("run", "-c", "bot.yaml", "--format", "json")
    assert [entry["status"] for entry in result.json["published"]] == ["opened"]
    assert server.requests == []


# doctor


def checks(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if "nudge" in line]


def test_doctor_reaches_those_who_would_be_told(cli: Cli, bot: Bot, start_scripted: Start) -> None:
    receiver = FluxReceiver(SECRET)
    repository = Application("https://git.example.com/a/b")
    argo = ArgoCd(token=SECRET, applications={"web": repository, "team-a/web": repository})
    flux, argocd = start_scripted(receiver), start_scripted(argo)
    refresh = (
        f"{{type: argocd-refresh, url: '{argocd.url}', secret: {{env: SECRET}}, "
        "applications: [web, team-a/web]}"
    )
    bot(to_flux(f"{flux.url}{receiver.path}"), refresh, forge=NO_FORGE)
    result = cli("doctor", "-c", "bot.yaml")
    assert checks(result) == [
        f"ok    nudge flux at {flux.host}: reachable; the secret can be read",
        f"ok    nudge argocd-refresh at {argocd.host}: the token can read 2 applications",
    ]
    # Nothing that anybody could take for a nudge.
    assert [(request.method, request.path) for request in flux.requests] == [("HEAD", "/")]
    assert (receiver.reconciled, argo.refreshed, argo.read) == ([], [], ["web", "team-a/web"])


def test_doctor_finds_what_would_fail(cli: Cli, bot: Bot, start_scripted: Start) -> None:
    argo = ArgoCd(token="another", applications={})
    argocd = start_scripted(argo)
    server = start_scripted(lambda _request: Answer(200))
    bot(
        f"{{type: flux, url: '{server.url}/x', secret: {{env: MISSING}}}}",
        "{type: webhook, url: 'http://127.0.0.1:1/pr1vate-path', insecure: true}",
        f"{{type: argocd-refresh, url: '{argocd.url}', secret: {{env: SECRET}}, "
        "applications: [web]}",
        "{type: webhook, url: 'http://169.254.1.1/', insecure: true}",
        forge=NO_FORGE,
    )
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 1
    missing, closed, refused, forbidden = checks(result)
    assert "the variable MISSING" in missing
    assert "cannot connect to 127.0.0.1:1" in closed
    assert "web: it answered with status 401" in refused
    assert "link-local" in forbidden
    assert "pr1vate-path" not in result.out
    assert server.requests == []
