from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_thousands_of_broken_documents_are_a_few_lines(cli: Cli, folder: Path) -> None:
    broken = "---\nimage: {app\n"
    for number in range(6):
        folder.joinpath(f"bad{number}.yaml").write_text(broken * 500)
    folder.joinpath("more.yaml").write_bytes(b"\xff\xfei\x00m\x00a\x00g\x00e\x00:\x00 \x00a\x00")
    for command in (["scan"], ["plan"]):
        result = cli(*command)
        assert result.code == 1
        lines = [line for line in result.err.splitlines() if line.startswith("problem: ")]
        assert len(lines) == 12
        assert "problem: 2990 more problems of this kind (not-yaml)" in lines
        assert any("more.yaml" in line for line in lines)
        document = json.loads(cli(*command, "--format", "json", "-q").out)
        assert len(document["problems"]) == 3001


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


PLACES = """\
routes:
  - {name: all, files: ['**'], publish: commit, images: [{match: '**', policy: ignore}]}
fields:
  - {kind: Widget, path: spec.runner}
  - {kind: Widget, path: spec.gone}
  - {kind: Gadget, repository: spec.name, tag: spec.tag}
  - {kind: "*", path: spec.runner}
files:
  patterns:
    - {match: ["*.txt"], pattern: '^FROM (?P<name>[a-z]+):(?P<tag>\\S+)'}
    - {match: ["*.txt"], pattern: '^COPY (?P<name>[a-z]+):(?P<tag>\\S+)'}
    - {match: ["*.md", "docs/*"], pattern: '^RUN (?P<name>[a-z]+):(?P<tag>\\S+)'}
    - {match: ["*.yaml"], pattern: '# was (?P<name>[a-z]+):(?P<tag>\\S+)'}
"""
WIDGET = "kind: Widget\napiVersion: a/v1\nspec: {runner: app:1} # was app:0\n"
EXPECTED = [
    "imagebot.yaml:11:7: the entry of files.patterns for '*.txt' takes no image",
    "imagebot.yaml:12:7: the entry of files.patterns for '*.md, docs/*' takes no file",
    "imagebot.yaml:5:5: the entry of fields for 'spec.gone' of 'Widget' takes no image",
    "imagebot.yaml:6:5: the entry of fields for 'spec.name' of 'Gadget' takes no image",
    "imagebot.yaml:7:5: the entry of fields for 'spec.runner' of '*' takes no image",
]


@pytest.mark.parametrize("command", ["scan", "plan"])
def test_configured_places_that_find_nothing_are_named(
    cli: Cli, folder: Path, command: str
) -> None:
    folder.joinpath("imagebot.yaml").write_text(PLACES)
    folder.joinpath("a.yaml").write_text(WIDGET)
    folder.joinpath("a.txt").write_text("FROM web:1\n")
    result = cli(command, "--format", "json")
    assert result.code == 0
    assert result.json["warnings"] == EXPECTED
    assert [line for line in result.err.splitlines() if line.startswith("warning: ")] == [
        f"warning: {warning}" for warning in EXPECTED
    ]
    folder.joinpath("b").mkdir()
    folder.joinpath("b/b.yaml").write_text(WIDGET)
    assert cli(command, "b", "--format", "json").json["warnings"] == []


@pytest.mark.parametrize("command", ["scan", "plan"])
def test_configured_places_that_find_something_are_not(
    cli: Cli, folder: Path, command: str
) -> None:
    lines = PLACES.splitlines(keepends=True)
    folder.joinpath("imagebot.yaml").write_text("".join(lines[:4] + lines[7:10] + lines[12:]))
    folder.joinpath("a.yaml").write_text(WIDGET)
    folder.joinpath("a.txt").write_text("FROM web:1\n")
    assert cli(command, "--format", "json").json["warnings"] == []


def test_the_place_of_a_repository_in_another_file_is_said(cli: Cli, folder: Path) -> None:
    base = "image:\n  repository: ghcr.io/acme/api\n  tag: 1.4.2\n"
    folder.joinpath("values.yaml").write_text(base)
    folder.joinpath("values-prod.yaml").write_text("image:\n  tag: 1.4.1\n")
    assert "ghcr.io/acme/api:1.4.1 (repository: values.yaml:2)" in cli("scan").out
    entries = json.loads(cli("scan", "--format", "json").out)["fields"]
    assert [each["repositoryFrom"] for each in entries] == ["values.yaml:2", None]
    assert cli("set", "ghcr.io/acme/api:1.5.0").code == 0
    assert folder.joinpath("values-prod.yaml").read_text() == "image:\n  tag: 1.5.0\n"
    assert folder.joinpath("values.yaml").read_text() == base.replace("1.4.2", "1.5.0")


def test_the_sweep_lists_what_looks_like_an_image(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    folder.joinpath("run.env").write_text("API_IMAGE=acme/api\nAPI_TAG=1.4.2\n")
    folder.joinpath("versions").write_text("web ghcr.io/acme/web:1.0\n")
    plain = cli("scan")
    assert "run.env" not in plain.out
    assert cli("scan", "--format", "json").json["unread"] == []
    result = cli("scan", "--unread")
    assert result.code == 0
    assert "2 unread" in result.err
    assert [line.split()[:2] for line in result.out.splitlines()[3:]] == [
        ["run.env:2", "looks-like-an-image"],
        ["versions:1", "looks-like-an-image"],
    ]
    assert (
        "'1.4.2' looks like the tag of acme/api: write `# imagebot: {image: acme/api," in result.out
    )
    unread = cli("scan", "--unread", "--format", "json").json["unread"]
    assert unread[0] == {
        "path": "run.env",
        "line": 2,
        "code": "looks-like-an-image",
        "reason": "'1.4.2' looks like the tag of acme/api",
        "hint": "write `# imagebot: {image: acme/api, policy: POLICY}` on the line above",
    }


def test_no_other_command_sweeps(cli: Cli, folder: Path) -> None:
    folder.joinpath("versions").write_text("web ghcr.io/acme/web:1.0\n")
    for command in (["plan", "--explain"], ["update", "--no-config"]):
        result = cli(*command)
        assert result.code == 0
        assert "versions" not in result.out + result.err


def test_what_is_replaced_is_shown_with_its_place(cli: Cli, folder: Path) -> None:
    folder.joinpath("app.yaml").write_text(deployment("placeholder:1"))
    folder.joinpath("kustomization.yaml").write_text(
        "resources: [app.yaml]\nimages: [{name: placeholder, newName: app, newTag: '1'}]\n"
    )
    assert "placeholder:1 (replaced by kustomization.yaml:2)" in cli("scan").out
