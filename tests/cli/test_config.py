from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Cli, deployment

GOOD = """\
policies: {stable: {semver: ^1}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: stable}]}]
tests:
  - {policy: stable, tags: [1.0.0, 1.2.0, 2.0.0], current: 1.0.0, expect: 1.2.0}
"""


def test_check_of_the_file_that_governs(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD)
    result = cli("config", "check")
    assert result.code == 0
    assert "all right" in result.out


def test_check_names_every_fault_with_its_place(cli: Cli, folder: Path) -> None:
    folder.joinpath("one.yaml").write_text("polices: {}\nroutes: 7\n")
    folder.joinpath("two.yaml").write_text("policies: {a: {semver: '>>1'}}\n")
    result = cli("config", "check", "one.yaml", "two.yaml")
    assert result.code == 2
    lines = result.err.splitlines()
    assert any(line.startswith("one.yaml:1:1: polices") and "policies" in line for line in lines)
    assert any(line.startswith("one.yaml:2:9: routes") for line in lines)
    assert any(line.startswith("two.yaml:1:") and "semver" in line for line in lines)


def test_check_of_the_bots_own_file(cli: Cli, folder: Path) -> None:
    folder.joinpath("bot.yaml").write_text("targets: [{url: 'https://u:p@host/x.git'}]\n")
    result = cli("config", "check", "-c", "bot.yaml")
    assert result.code == 2
    assert "bot.yaml:1:" in result.err
    assert "u:p" not in result.err


def test_check_without_a_file(cli: Cli) -> None:
    result = cli("config", "check")
    assert result.code == 2
    assert "imagebot init" in result.err


@pytest.mark.parametrize("arguments", [("schema",), ("schema", "--bot")])
def test_schema_is_a_json_schema(cli: Cli, arguments: tuple[str, ...]) -> None:
    schema = cli("config", *arguments).json
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]


def test_policy_tests(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD)
    result = cli("config", "test")
    assert result.code == 0
    assert "1 passed, 0 failed" in result.err


def test_policy_tests_that_fail(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD.replace("expect: 1.2.0", "expect: 2.0.0"))
    result = cli("config", "test")
    assert result.code == 1
    assert "imagebot.yaml:4" in result.out
    assert "1.2.0" in result.out
    assert "0 passed, 1 failed" in result.err


def test_a_file_without_tests(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("policies: {}\n")
    result = cli("config", "test")
    assert result.code == 2
    assert "no tests" in result.err


def test_init_writes_what_check_accepts(cli: Cli, folder: Path) -> None:
    folder.joinpath("clusters", "test").mkdir(parents=True)
    folder.joinpath("clusters/test/app.yaml").write_text(deployment("app:main-1-abcdef1"))
    assert cli("init").code == 0
    assert cli("config", "check").code == 0
    assert cli("scan", "--format", "json").json["fields"][0]["policy"]


def test_init_replaces_nothing_unasked(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("# mine\n")
    assert cli("init").code == 2
    assert folder.joinpath("imagebot.yaml").read_text() == "# mine\n"
    printed = cli("init", "--print")
    assert printed.code == 0
    assert folder.joinpath("imagebot.yaml").read_text() == "# mine\n"
    assert cli("init", "--force").code == 0
    assert folder.joinpath("imagebot.yaml").read_text() == printed.out


def test_init_of_an_empty_folder_still_gives_a_start(cli: Cli) -> None:
    assert cli("init").code == 0
    assert cli("config", "check").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ["scan"],
        ["plan"],
        ["update"],
        ["set", "app:2"],
        ["config", "check"],
        ["config", "test"],
        ["pick", "--policy", "mine", "-"],
    ],
    ids=" ".join,
)
def test_a_configuration_that_is_a_link_out_of_the_tree_is_refused_and_not_shown(
    cli: Cli, folder: Path, command: list[str]
) -> None:
    folder.parent.joinpath("secret").write_text("hunter2:x:0:0\n")
    folder.joinpath("imagebot.yaml").symlink_to("../secret")
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    result = cli(*command)
    assert result.code == 2
    (line,) = result.err.splitlines()
    assert line.startswith(f"{folder / 'imagebot.yaml'}: is a link that leads out of {folder}")
    assert "hunter2" not in result.out + result.err
    assert folder.joinpath("a.yaml").read_text() == deployment("app:1")


def test_a_configuration_that_is_named_may_be_a_link_out_of_the_tree(
    cli: Cli, folder: Path
) -> None:
    folder.parent.joinpath("shared.yaml").write_text(GOOD)
    folder.joinpath("linked.yaml").symlink_to("../shared.yaml")
    assert cli("config", "check", "linked.yaml").code == 0
