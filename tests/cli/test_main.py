"""Exit codes, and the one place where errors become lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from imagebot import __version__
from imagebot.cli import main as entry
from imagebot.errors import ConfigIssue, ConfigurationError, GitError, ImagebotError, UsageError
from tests.cli.conftest import Cli, deployment


def test_version(cli: Cli) -> None:
    assert cli("--version").out == f"imagebot, version {__version__}\n"


def test_every_command_has_help(cli: Cli) -> None:
    listed = cli("--help")
    assert listed.code == 0
    for name in entry.COMMANDS:
        shown = cli(name, "--help")
        assert shown.code == 0
        assert f"imagebot {name}" in shown.out
        assert name in listed.out


def test_an_unknown_command_names_the_nearest(cli: Cli) -> None:
    result = cli("plna")
    assert result.code == 2
    assert "Did you mean 'plan'?" in result.err


def test_an_unknown_option_is_a_usage_error(cli: Cli) -> None:
    result = cli("scan", "--colour")
    assert result.code == 2
    assert "--colour" in result.err


@pytest.mark.parametrize(
    "command",
    [
        ["set", "app:2", "--in", ""],
        ["scan", ""],
        ["plan", ""],
        ["update", "--no-config", ""],
        ["init", ""],
        ["demo", "--keep", ""],
        ["demo", "--registry", ""],
    ],
    ids=" ".join,
)
def test_a_folder_without_a_name_is_a_usage_error(
    cli: Cli, folder: Path, command: list[str]
) -> None:
    """An unset variable of a CI job is not the current folder."""
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    result = cli(*command)
    assert result.code == 2
    assert "the name is empty; is a variable unset?" in result.err
    assert [path.name for path in folder.iterdir()] == ["a.yaml"]
    assert folder.joinpath("a.yaml").read_text() == deployment("app:1")


@pytest.mark.parametrize("command", [["plan"], ["run"], ["doctor"], ["config", "check"]])
def test_a_file_without_a_name_is_a_usage_error(cli: Cli, folder: Path, command: list[str]) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    assert cli(*command, "-c", "").code == 2


FAULT = ConfigIssue("imagebot.yaml", 3, 5, "routes", "is wrong", "fix it")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("no", hint="do"), 2, "imagebot: no\nhint: do"),
        (GitError("url", "failed", hint="try"), 1, "imagebot: url: failed\nhint: try"),
        (ConfigurationError((FAULT,)), 2, "imagebot.yaml:3:5: routes: is wrong\nhint: fix it"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt("2 of 3 are written"), 130, "interrupted: 2 of 3 are written"),
        (click.UsageError("bad"), 2, "Error: bad"),
        (ImagebotError("a\x1b[31mb"), 1, "imagebot: a\\x1b[31mb"),
    ],
)
def test_errors_become_lines(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(entry.cli, "main", fail)
    result = cli("scan")
    assert result.code == code
    assert f"\n{line}\n" in f"\n{result.err}"
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("plan", "/nowhere"), "usage", 2),
        (("run", "--every", "5x"), "usage", 2),
        (("scan", "--colour"), "usage", 2),
        (("set", "foo"), "usage", 2),
        (("run", "-c", "nowhere.yaml"), "configuration", 2),
        (("run",), "git", 1),
    ],
)
def test_every_line_on_stderr_is_json_when_asked_for(
    cli: Cli, arguments: tuple[str, ...], code: str, exit_code: int
) -> None:
    result = cli(*arguments, "--log-format", "json")
    assert result.code == exit_code
    (entry,) = [json.loads(line) for line in result.err.splitlines()]
    assert (entry["level"], entry["code"]) == ("error", code)


def test_an_interval_is_a_duration(cli: Cli) -> None:
    result = cli("run", "--every", "3 days")
    assert result.code == 2
    assert "--every: not a valid duration: '3 days'" in result.err
    assert "write 3d" in result.err


def test_issues_of_a_configuration_as_json(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("polices: {}\nroute: []\n")
    result = cli("plan", "--log-format=json")
    entries = [json.loads(line) for line in result.err.splitlines()]
    assert [entry["message"] for entry in entries] == [
        "imagebot.yaml:1:1: polices: unknown key",
        "imagebot.yaml:2:1: route: unknown key",
    ]
    assert entries[0]["hint"] == "did you mean policies?"


def test_a_configuration_under_another_name(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yml").write_text("routes: []\n")
    result = cli("scan")
    assert result.code == 2
    assert "rename it to imagebot.yaml" in result.err


def test_a_full_disk_is_no_bug(folder: Path) -> None:
    folder.joinpath("a.yaml").write_text("kind: Pod\nspec: {containers: [{image: 'app:1'}]}\n")
    with Path("/dev/full").open("w") as full:
        argv = [sys.executable, "-m", "imagebot", "scan", "--format", "json"]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "imagebot: cannot write: No space left on device\n"


def test_a_bug_is_an_apology_and_a_log(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("https://user:secret-token@host/x")

    monkeypatch.setattr(entry.cli, "main", fail)
    result = cli("scan", "--format", "json")
    assert result.code == 3
    assert "sorry, this is a bug: ZeroDivisionError" in result.err
    assert "Traceback" not in result.err
    (log,) = home.rglob("crash-*.log")
    assert str(log) in result.err
    text = log.read_text()
    assert "Traceback" in text
    assert __version__ in text
    assert "secret-token" not in text + result.err


def test_a_reader_that_goes_away_is_no_bug(folder: Path) -> None:
    for number in range(300):
        folder.joinpath(f"{number}.yaml").write_text("image: app:1\nkind: Pod\n")
    script = f"{sys.executable} -m imagebot scan --format json | head -c 10"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_closed_output_is_no_bug(folder: Path) -> None:
    folder.joinpath("a.yaml").write_text("image: app:1\n")
    for command in ("scan", "scan --format json"):
        script = f"{sys.executable} -m imagebot {command} >&-"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "1 image field in 1 of 1 file\n")


def test_what_the_terminal_cannot_show_is_escaped(folder: Path) -> None:
    folder.joinpath("\U0001f680.yaml").write_text("image: app:1\n")
    argv = [sys.executable, "-m", "imagebot", "scan"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(argv, capture_output=True, env=environment, check=True)
    assert b"\\U0001f680.yaml:1  app:1" in done.stdout


@pytest.mark.parametrize("name", ["gone", "x" * 300, "a.yaml", "loop", "a.yaml/b"])
def test_a_folder_that_cannot_be_entered_is_a_usage_error(
    cli: Cli, folder: Path, name: str
) -> None:
    folder.joinpath("a.yaml").write_text("image: app:1\n")
    folder.joinpath("loop").symlink_to("loop")
    for command in (["scan", name], ["set", "app:2", "--in", name]):
        result = cli(*command)
        assert result.code == 2
        assert name in result.err


def test_a_folder_that_is_gone_is_a_usage_error(folder: Path) -> None:
    script = f"mkdir d && cd d && rmdir ../d && {sys.executable} -m imagebot scan"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such folder" in done.stderr


def test_without_arguments_the_help_is_shown(cli: Cli) -> None:
    result = cli()
    assert result.code == 2
    assert "Usage: imagebot" in result.out + result.err
