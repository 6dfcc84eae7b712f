"""`imagebot run`: what it prints, logs and reports, and which targets it looks after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Cli, Result, deployment
from tests.support.git_repository import git
from tests.support.git_server import GitServer
from tests.support.registry import Registry

CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""

LOG_SCHEMA = json.loads(
    Path(__file__).parents[2].joinpath("docs/schema/log.schema.json").read_text("utf-8")
)

Target = Callable[..., str]


@pytest.fixture
def target(
    folder: Path,
    git_server: GitServer,
    registry: Registry,
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Target:
    """Makes a target with one update, and the bot's own file for it; gives its URL."""
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    monkeypatch.setenv("TOKEN", git_server.token)

    def make(files: Mapping[str, bytes] | None = None, more: str = "", name: str = "one") -> str:
        manifest = deployment(f"{registry.host}/{repository}:1.0.0").encode()
        start = {"app.yaml": manifest, "imagebot.yaml": CONFIGURATION}
        url = git_server.make_repository(name, {**start, **(files or {})})
        folder.joinpath("bot.yaml").write_text(
            f"targets: [{{url: '{url}', branch: main, credential: it{more}}}]\n"
            "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
            f"registries: {{'{registry.host}': {{}}}}\n"
        )
        return url

    return make


def log(result: Result) -> list[Any]:
    """The lines of the log, each of which is as docs/schema says."""
    written = [json.loads(line) for line in result.err.splitlines()]
    for entry in written:
        jsonschema.validate(entry, LOG_SCHEMA)
    return written


def test_a_log_of_events_says_what_changed(cli: Cli, target: Target, repository: str) -> None:
    target()
    first = cli("run", "-c", "bot.yaml", "--log-format", "json")
    assert (first.code, first.out) == (0, "")
    committed, done = log(first)
    assert (committed["event"], committed["target"], committed["route"]) == (
        "committed",
        "one",
        "all",
    )
    (update,) = committed["updates"]
    assert (update["path"], update["to"]["tag"]) == ("app.yaml", "1.1.0")
    assert repository in update["repository"]
    assert (done["event"], done["changed"], done["published"]) == ("pass", True, 1)
    again = cli("run", "-c", "bot.yaml", "--log-format", "json")
    (only,) = log(again)
    assert (only["event"], only["changed"], only["kept"]) == ("pass", False, 1)
    assert only["message"].startswith("nothing changed: 0 updates")
    silent = cli("run", "-c", "bot.yaml", "--log-format", "json", "-q")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_a_document_beside_a_log_is_one_line(cli: Cli, target: Target) -> None:
    target()
    result = cli("run", "-c", "bot.yaml", "--log-format", "json", "--format", "json")
    (line,) = result.out.splitlines()
    assert json.loads(line)["published"][0]["status"] == "committed"
    assert [entry["event"] for entry in log(result)] == ["committed", "pass"]


def test_quiet_is_silent_only_where_nothing_happened(cli: Cli, target: Target) -> None:
    target()
    first = cli("run", "-c", "bot.yaml", "-q")
    assert "one: all: committed" in first.out
    assert first.err == ""
    again = cli("run", "-c", "bot.yaml", "-q")
    assert (again.code, again.out, again.err) == (0, "", "")


def test_a_dry_run_is_the_plan(cli: Cli, target: Target, git_server: GitServer) -> None:
    target()
    refs = git_server.repository("one").refs()
    dry = cli("run", "-c", "bot.yaml", "--dry-run")
    assert (dry.code, dry.out, dry.err) == tuple(
        getattr(cli("plan", "-c", "bot.yaml"), each) for each in ("code", "out", "err")
    )
    assert "1.0.0 -> 1.1.0" in dry.out
    assert git_server.repository("one").refs() == refs
    both = cli("run", "-c", "bot.yaml", "--dry-run", "--every", "5m", "--log-format", "text")
    assert both.code == 2
    assert "exclude each other" in both.err


def test_a_report_in_markdown(
    cli: Cli, folder: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    target()
    summary = folder / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert cli("run", "-c", "bot.yaml", "--dry-run", "--report", "report.md").code == 0
    text = folder.joinpath("report.md").read_text()
    assert text.startswith("## imagebot: 1 update, nothing published (a dry run), 0 problems\n")
    assert "| `one: app.yaml:9` |" in text
    assert summary.read_text() == f"before\n{text}"
    assert cli("run", "-c", "bot.yaml", "--report", "report.md").code == 0
    text = folder.joinpath("report.md").read_text()
    assert text.startswith("## imagebot: 1 update, 1 published, 0 problems\n")
    assert "| `one` | `all` | committed | `" in text


def test_a_report_that_cannot_be_written(cli: Cli, target: Target, git_server: GitServer) -> None:
    target()
    result = cli("run", "-c", "bot.yaml", "--report", "nowhere/report.md")
    assert result.code == 1
    assert "nowhere/report.md: the report cannot be written" in result.err
    # The rest is done.
    assert b":1.1.0" in git_server.read_files("one")["app.yaml"]
    assert cli("run", "-c", "bot.yaml", "--report", "").code == 2


def test_a_configuration_that_is_not_pushed(
    cli: Cli, folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = git_server.make_repository("one", {"a.yaml": deployment("a.example/app:1").encode()})
    git(folder, "clone", "--quiet", git_server.url_of("one", token=git_server.token), ".")
    git(folder, "remote", "set-url", "origin", url)
    monkeypatch.setenv("IMAGEBOT_GIT_TOKEN", git_server.token)
    missing = cli("run")
    assert "there is no such file on branch main" in missing.err
    folder.joinpath("imagebot.yaml").write_bytes(CONFIGURATION)
    result = cli("run")
    assert result.code == 1
    said = "imagebot.yaml is here but not on origin/main: commit and push it"
    assert f"problem: work: {said}\n" in result.err
    assert f"FAIL  work: configuration: {said}\n" in cli("doctor").out


def test_what_a_plan_of_a_folder_cannot_know(
    cli: Cli, folder: Path, registry: Registry, repository: str
) -> None:
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    folder.joinpath("app.yaml").write_text(deployment(f"{registry.host}/{repository}:1.0.0"))
    folder.joinpath("imagebot.yaml").write_bytes(CONFIGURATION + b"paused: we move\n")
    result = cli("plan")
    assert "warning: paused, `imagebot run` publishes nothing: we move" in result.err
    assert "not known in a folder: what was rolled back or refused" in result.err
    quiet = cli("plan", "-q", "--format", "json")
    assert "not known" not in quiet.err
    assert quiet.json["warnings"] == ["paused, `imagebot run` publishes nothing: we move"]


def test_a_plan_of_a_target_that_is_paused(cli: Cli, target: Target) -> None:
    target(more=", paused: we move")
    for command in (("plan",), ("run", "--dry-run"), ("run",)):
        result = cli(*command, "-c", "bot.yaml")
        assert result.code == 0
        assert "warning: one is paused, nothing is published: we move" in result.err


HOSTILE = ("::add-mask::a.yaml", "  ::error::b.yaml", "##[group]c.yaml")


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "."),
        ("plan", ".", "--kept"),
        ("plan", ".", "--format", "json"),
        ("plan", ".", "--log-format", "json"),
        ("scan", "."),
        ("scan", ".", "--format", "json"),
        ("doctor",),
        ("run", "-c", "bot.yaml"),
        ("run", "-c", "bot.yaml", "--log-format", "json"),
    ],
    ids=" ".join,
)
def test_a_path_is_no_command_of_a_job(
    cli: Cli,
    folder: Path,
    target: Target,
    registry: Registry,
    repository: str,
    arguments: tuple[str, ...],
) -> None:
    image = f"{registry.host}/{repository}"
    manifests = {path: deployment(f"{image}:1.0.0").encode() for path in HOSTILE}
    broken = {f"{path[:-5]}-broken.yaml": b"image: [\n" for path in HOSTILE}
    for path, data in {**manifests, **broken}.items():
        folder.joinpath(path).write_bytes(data)
    target({**manifests, **broken})
    result = cli(*arguments)
    lines = [line for text in (result.out, result.err) for line in text.splitlines()]
    assert any("add-mask" in line for line in lines) or arguments == ("doctor",)
    for line in lines:
        assert not line.strip().startswith("::")
        assert "##[" not in line
