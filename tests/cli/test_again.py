"""`imagebot run --again`, and what is withheld."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from imagebot.plan.documents import document_schema
from tests.cli.conftest import Cli, deployment
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, ScriptedServer

CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes:
  - name: all
    files: ["**"]
    publish: commit
    images: [{match: "**/other", policy: ignore}, {match: "**", policy: stable}]
"""


@pytest.fixture
def image(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An image whose update was committed, and reverted by people."""
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]})
    image = f"{scripted.host}/acme/app"
    files = {
        "imagebot.yaml": CONFIGURATION,
        "a.yaml": deployment(f"{image}:1.0.0").encode(),
        "b.yaml": deployment("nginx/other:1").encode(),
    }
    url = git_server.make_repository("gitops", files)
    folder.joinpath("bot.yaml").write_text(
        f"targets: [{{url: '{url}', branch: main, credential: it}}]\n"
        "credentials: {git: {it: {token: {env: GIT}}}}\n"
        f"registries: {{'{scripted.host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )
    monkeypatch.setenv("GIT", git_server.token)
    return image


def revert(git_server: GitServer, image: str) -> None:
    text = deployment(f"{image}:1.0.0").encode()
    git_server.repository("gitops").commit({"a.yaml": text}, message="Back")


def test_what_is_withheld_is_listed(cli: Cli, git_server: GitServer, image: str) -> None:
    assert cli("run", "-c", "bot.yaml").code == 0
    revert(git_server, image)
    told = cli("run", "-c", "bot.yaml")
    assert told.code == 0
    (line,) = told.out.splitlines()
    assert line.startswith(f"withheld gitops: a.yaml:9: {image}:1.0.0 -> 1.1.0  rolled back in ")
    assert line.endswith("  [rolled-back]")
    everything = cli("run", "-c", "bot.yaml", "--kept").out.splitlines()
    kept = [each.split(":")[:2] for each in everything]
    assert kept == [["kept gitops", " a.yaml"], ["kept gitops", " b.yaml"]]

    document = cli("run", "-c", "bot.yaml", "--format", "json").json
    jsonschema.validate(document, document_schema("plan"))
    (entry,) = document["withheld"]
    reason = entry.pop("reason")
    assert reason.startswith("rolled back in ")
    assert entry == {
        "target": "gitops",
        "path": "a.yaml",
        "line": 9,
        "repository": image,
        "tag": "1.1.0",
        "route": "all",
        "code": "rolled-back",
        "until": None,
    }


def test_again(cli: Cli, git_server: GitServer, image: str) -> None:
    cli("run", "-c", "bot.yaml")
    revert(git_server, image)
    other = cli("run", "-c", "bot.yaml", "--again", f"{image}:1.2.0")
    assert other.code == 0
    message = f"--again {image}:1.2.0 has no effect: no rollback or refusal keeps it back now"
    assert f"warning: {message}" in other.err
    assert b":1.0.0" in git_server.read_files("gitops")["a.yaml"]

    lifted = cli("run", "-c", "bot.yaml", "--again", f"{image}:1.1.0")
    assert lifted.code == 0
    assert "warning" not in lifted.err
    assert b":1.1.0" in git_server.read_files("gitops")["a.yaml"]
    newest = git_server.repository("gitops").log()[0].message
    assert newest.rstrip().splitlines()[-1] == f"Imagebot-Again: {image} 1.1.0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--again", ""), "is not an image reference"),
        (("--again", "a:b:c d"), "is not an image reference"),
        (("--again", "nginx", "--every", "1m"), "--again and --every exclude each other"),
    ],
)
def test_usage(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    result = cli("run", *arguments)
    assert result.code == 2
    assert message in result.err
