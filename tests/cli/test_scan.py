from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli, deployment


def test_what_is_not_read_is_counted_and_listed_when_asked_for(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    folder.joinpath("compose.yaml").write_text("services: {web: {image: '${IMAGE}'}}\n")
    result = cli("scan")
    assert result.code == 0
    assert "1 unread (--unread lists them)" in result.err
    assert "compose.yaml" not in result.out
    listed = cli("scan", "--unread")
    assert [line.split()[:2] for line in listed.out.splitlines()[2:]] == [
        ["NOT", "READ"],
        ["compose.yaml:1", "variable"],
    ]
    assert "--unread" not in listed.err


def test_nothing_to_list(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text("kind: Service\n")
    result = cli("scan", "--unread")
    assert (result.code, result.out) == (0, "")
    assert result.err == "0 image fields in 0 of 1 file\n"


def test_a_broken_file_is_a_problem_without_a_configuration_too(cli: Cli, folder: Path) -> None:
    folder.joinpath("bad.yaml").write_text("image: {app\n")
    for command, summary in (
        (["scan"], "0 image fields in 0 of 1 file\n"),
        (["plan"], "0 updates, 0 kept, 1 problem"),
        (["update", "--no-config"], "0 updates, 0 kept, 1 problem"),
    ):
        result = cli(*command)
        assert result.code == 1
        assert "bad.yaml:" in result.err
        assert summary in result.err


def test_a_link_to_a_folder_elsewhere_is_listed_and_no_problem(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    folder.parent.joinpath("outside").mkdir()
    folder.joinpath("base").symlink_to("../outside")
    assert "1 image field in 1 of 2 files, 1 unread" in cli("scan").err
    listed = cli("scan", "--unread")
    assert listed.code == 0
    assert listed.out.splitlines()[-1].split(maxsplit=2) == [
        "base",
        "folder",
        "a link to a folder, which is not followed",
    ]
    assert cli("set", "app:2").code == 0
