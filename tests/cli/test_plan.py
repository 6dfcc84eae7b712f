"""`plan`, `update` and `scan` over a folder and a real registry."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, deployment
from tests.support.registry import Registry

CONFIGURATION = """\
policies: {stable: {semver: ^1}}
routes:
  - name: all
    files: ["**"]
    publish: commit
    images: [{match: "**", policy: stable}]
"""


@pytest.fixture
def image(registry: Registry, repository: str) -> str:
    for tag in ("1.0.0", "1.1.0", "2.0.0"):
        registry.push_image(repository, tag)
    return f"{registry.host}/{repository}"


def test_plan_shows_and_changes_nothing(cli: Cli, folder: Path, image: str) -> None:
    text = deployment(f"{image}:1.0.0")
    folder.joinpath("app.yaml").write_text(text)
    result = cli("plan")
    assert result.code == 0
    assert "1.0.0 -> 1.1.0" in result.out
    assert "app.yaml" in result.out
    assert "1 update, 0 kept, 0 problems" in result.err
    assert folder.joinpath("app.yaml").read_text() == text


def test_plan_says_what_is_undecided(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:9.9.9"))
    result = cli("plan")
    assert result.code == 0
    assert "0 updates, 1 kept, 0 problems, 1 undecided" in result.err
    assert f"warning: {image}: " in result.err
    assert "nothing was decided for app.yaml:" in result.err
    (kept,) = cli("plan", "--format", "json").json["kept"]
    assert kept["settled"] is False


def test_plan_explains(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:1.0.0"))
    assert "not 2.0.0: max: " in cli("plan", "--explain").out
    (update,) = cli("plan", "--explain", "--format", "json").json["updates"]
    assert {rejection["tag"] for rejection in update["rejected"]} == {"2.0.0"}
    assert "rejected" not in cli("plan", "--format", "json").json["updates"][0]


def test_plan_as_a_diff_that_git_applies(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:1.0.0"))
    diff = cli("plan", "--diff").out
    subprocess.run(["git", "apply", "-"], input=diff.encode(), check=True, cwd=folder)
    assert folder.joinpath("app.yaml").read_text() == deployment(f"{image}:1.1.0")
    assert cli("plan", "--diff").out == ""


def test_plan_exit_code(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:1.0.0"))
    assert cli("plan", "--exit-code").code == 4
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:1.1.0"))
    assert cli("plan", "--exit-code").code == 0
    folder.joinpath("other.yaml").write_text(deployment(f"{image}-gone:1.0.0"))
    assert cli("plan", "--exit-code").code == 1


def test_plan_takes_a_folder_or_a_file_of_targets(cli: Cli) -> None:
    result = cli("plan", ".", "-c", "bot.yaml")
    assert result.code == 2
    assert "exclude each other" in result.err


def test_update_asks_for_a_configuration(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("app.yaml").write_text(deployment(f"{image}:1.0.0"))
    result = cli("update")
    assert result.code == 2
    assert "imagebot init" in result.err
    assert cli("update", "--no-config").code == 0
    assert folder.joinpath("app.yaml").read_text() == deployment(f"{image}:1.1.0")


def test_update_below_the_folder_of_the_configuration(cli: Cli, folder: Path, image: str) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION)
    folder.joinpath(".git").mkdir()
    for name in ("one", "two"):
        folder.joinpath(name).mkdir()
        folder.joinpath(name, "app.yaml").write_text(deployment(f"{image}:1.0.0"))
    document = cli("update", "one", "--format", "json").json
    assert [update["path"] for update in document["updates"]] == ["one/app.yaml"]
    assert folder.joinpath("one/app.yaml").read_text() == deployment(f"{image}:1.1.0")
    assert folder.joinpath("two/app.yaml").read_text() == deployment(f"{image}:1.0.0")


def test_one_failure_leaves_the_rest_done(
    cli: Cli, folder: Path, image: str, registry: Registry
) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION)
    folder.joinpath("good.yaml").write_text(deployment(f"{image}:1.0.0"))
    folder.joinpath("gone.yaml").write_text(deployment(f"{image}-gone:1.0.0"))
    folder.joinpath("broken.yaml").write_text("image: {\n")
    folder.joinpath("unreachable.yaml").write_text(deployment("127.0.0.1:1/app:1.0.0"))
    result = cli("update", "--format", "json")
    assert result.code == 1
    problems = {problem["subject"]: problem for problem in result.json["problems"]}
    assert set(problems) == {
        f"{image}-gone",
        "127.0.0.1:1/app",
        "broken.yaml",
    }
    assert problems["broken.yaml"]["line"] == 2
    assert all(problem["message"] for problem in problems.values())
    assert folder.joinpath("good.yaml").read_text() == deployment(f"{image}:1.1.0")
    assert result.err.count("problem: ") == 3


def test_scan_lists_fields_with_policy_and_route(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION.replace('"**"]', "a/**]"))
    for name in ("a", "b"):
        folder.joinpath(name).mkdir()
        folder.joinpath(name, "app.yaml").write_text(deployment("app:1"))
    document = cli("scan", "--format", "json").json
    found = [(f["path"], f["line"], f["policy"], f["route"]) for f in document["fields"]]
    assert found == [("a/app.yaml", 9, "stable", "all"), ("b/app.yaml", 9, None, None)]
    assert "a/app.yaml:9" in cli("scan").out


def test_scan_of_nothing(cli: Cli) -> None:
    result = cli("scan")
    assert (result.code, result.out) == (0, "")
    assert "0 image fields" in result.err


def test_scan_of_no_folder(cli: Cli) -> None:
    result = cli("scan", "nowhere")
    assert result.code == 2
    assert "nowhere: no such folder" in result.err


def test_a_configuration_error_has_its_place(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("routes:\n  - nmae: test\n")
    result = cli("plan")
    assert result.code == 2
    assert "imagebot.yaml:2:5: " in result.err
    assert "name" in result.err


def test_diagnostics_as_json(cli: Cli, folder: Path) -> None:
    import json

    folder.joinpath("app.yaml").write_text(deployment("127.0.0.1:1/app:1.0.0"))
    result = cli("plan", "--log-format", "json")
    lines = [json.loads(line) for line in result.err.splitlines()]
    assert [line["level"] for line in lines] == ["error", "info"]
    assert lines[0]["code"] == "registry-unreachable"
