"""Why a digest is unknown is in commits and reports, for all to read: without any secret."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, deployment
from tests.cli.test_secrets import PASSWORD, assert_clean, basic, bearer, spellings
from tests.git.test_security import contents, processes
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, Request, ScriptedServer

CONFIGURATION = b"""\
routes:
  - {name: test, files: [test/**], publish: commit, images: [{match: "**", policy: shape}]}
  - name: production
    files: [production/**]
    publish: pull-request
    images: [{match: "**", policy: shape}]
"""
TOKEN = f"canary/of+git=for.this-run-{uuid.uuid4().hex}"
IMAGES = {"test/a.yaml": "one", "production/b.yaml": "two"}


@pytest.fixture
def server(
    scripted: ScriptedServer,
    start_git_server: Callable[..., GitServer],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> GitServer:
    """One image to commit, and one for a pull request; in a registry that wants a password."""
    server, host = start_git_server(tokens={TOKEN}), scripted.host
    files = {path: deployment(f"{host}/{name}:1.0.0").encode() for path, name in IMAGES.items()}
    url = server.make_repository("it", {"imagebot.yaml": CONFIGURATION, **files})
    folder.joinpath("bot.yaml").write_text(
        f"targets: [{{name: it, url: '{url}', branch: main, credential: it,"
        f" forge: {{kind: sandbox, folder: '{folder / 'pulls'}'}}}}]\n"
        "credentials:\n"
        "  git: {it: {token: {env: GIT}}}\n"
        f"  registries: {{'{host}': {{username: bot, password: {{env: PASSWORD}}}}}}\n"
        f"registries: {{'{host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )
    monkeypatch.setenv("GIT", TOKEN)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    return server


def in_message(said: str) -> Answer:
    return Answer(403, body={"errors": [{"code": "DENIED", "message": said}]})


def in_code(said: str) -> Answer:
    return Answer(429, body={"errors": [{"code": said, "message": "slower"}]})


def in_redirect(said: str) -> Answer:
    return Answer(302, {"Location": f"https://{said.split(' ')[0]}.invalid/{said.split(' ')[-1]}"})


def in_type(said: str) -> Answer:
    return Answer(406, {"Content-Type": said.encode().decode("latin-1")}, said)


@pytest.mark.parametrize("kind", [basic, bearer])
@pytest.mark.parametrize("way", [in_message, in_code, in_redirect, in_type])
def test_why_a_digest_is_unknown_has_no_secret(
    kind: Callable[..., None],
    way: Callable[[str], Answer],
    scripted: ScriptedServer,
    server: GitServer,
    cli: Cli,
    folder: Path,
) -> None:
    """Of a registry that knows the token of git, too: both can be one forge."""
    during: list[str] = []
    secrets = [each for secret in (PASSWORD, TOKEN) for each in spellings(secret)]

    def answer(request: Request) -> Answer:
        if request.path.endswith("/tags/list"):
            return Answer(body={"tags": ["1.0.0", "1.1.0"]})
        during.append(processes())
        number = len(during) % len(secrets)
        return way(" ".join([*secrets[number:], request.authorization or "", *secrets[:number]]))

    kind(scripted, answer)
    result = cli(
        *("run", "-c", "bot.yaml", "--report", "report.md"),
        *("--kept", "--log-format", "json", "--format", "json"),
    )

    assert (result.code, json.loads(result.out)["problems"]) == (0, [])
    assert [each["status"] for each in json.loads(result.out)["published"]] == [
        "committed",
        "opened",
    ]
    repository = server.repository("it")
    (branch,) = (ref[11:] for ref in repository.refs() if ref != "refs/heads/main")
    messages = [repository.log(name)[0].message for name in ("main", branch)]
    for message in messages:
        assert message.count("  digest unknown: ") == 1
    assert during, "the registry has answered with secrets"
    assert "no digest in the commit for" in result.err
    report, summary = (folder.joinpath(name).read_text() for name in ("report.md", "summary.md"))
    assert "2 published" in report
    assert report == summary
    shown = {
        "stdout": result.out,
        "stderr": result.err,
        "report": report,
        "messages": "\n".join(messages),
        "pull requests": contents(folder / "pulls"),
        "cache": contents(folder / "cache"),
        "processes": "\n".join(during),
    }
    for text in shown.values():
        assert_clean(text)
    git = {place for place, text in shown.items() if any(each in text for each in spellings(TOKEN))}
    assert git == set()
