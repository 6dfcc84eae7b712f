"""A folder that is scanned while its configuration is loaded: the same is found, and nothing is
used that the configuration does not want."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from imagebot.errors import ConfigurationError, FolderError
from imagebot.scan import ahead as ahead_module
from imagebot.scan.inventory import Inventory, take_inventory
from imagebot.scan.workspace import open_workspace, open_workspace_ahead
from tests.manifest.test_golden import CASES, load

ORDINARY = (
    'routes: [{name: a, files: ["**"], publish: commit, images: [{match: "**", policy: %s}]}]'
)
SHAPE, IGNORE = ORDINARY % "shape", ORDINARY % "ignore"
MARKED = "image: ghcr.io/acme/api:1.0.0 # imagebot: {policy: semver}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every golden manifest, at its own path in a folder of its own; and many others."""
    for case in CASES:
        meta, data = load(case)
        path = tmp_path / case.name / str(meta["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for number in range(600):
        path = tmp_path / f"many-{number % 7}" / f"{number}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(MARKED if number % 10 == 0 else f"image: app:1.{number}\n")
    chart = tmp_path / "chart"
    chart.joinpath("templates").mkdir(parents=True)
    chart.joinpath("Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    chart.joinpath("values.yaml").write_text("image: {repository: ghcr.io/acme/web, tag: 1.2.3}\n")
    chart.joinpath("templates", "a.yaml").write_text(
        'image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n'
    )
    return tmp_path


@contextmanager
def watched() -> Iterator[list[int]]:
    """The number of files of each answer that was made ahead."""
    used: list[int] = []
    scans = ahead_module.Ahead.scans

    def note(self: ahead_module.Ahead, *arguments: object) -> object:
        found = scans(self, *arguments)  # type: ignore[arg-type]
        used.append(len(found))
        return found

    with mock.patch.object(ahead_module.Ahead, "scans", note):
        yield used


def inventories(folder: Path, text: str, *, managed_only: bool) -> tuple[Inventory, Inventory, int]:
    """What is found without and with a child, and how many files the child and its parent have."""
    folder.joinpath("imagebot.yaml").write_text(text)
    workspace = open_workspace(str(folder))
    alone = take_inventory(workspace, workspace.configuration, managed_only=managed_only)
    with watched() as used, open_workspace_ahead(str(folder), managed_only=managed_only) as both:
        found = take_inventory(
            both, both.configuration, managed_only=managed_only, ahead=both.ahead
        )
    assert multiprocessing.active_children() == []
    return alone, found, sum(used)


@pytest.mark.parametrize("managed_only", [False, True])
@pytest.mark.parametrize("text", [SHAPE, IGNORE])
def test_the_same_is_found(folder: Path, text: str, managed_only: bool) -> None:
    alone, found, used = inventories(folder, text, managed_only=managed_only)
    assert found == alone
    assert used == len(alone.paths) > 600
    assert len(found.fields) >= 60


@pytest.mark.parametrize(
    "more",
    [
        'files: {exclude: ["many-1/**"]}',
        'files: {patterns: [{match: ["**.txt"], pattern: "(?P<name>a):(?P<tag>b)"}]}',
        "files: {compose-defaults: true}",
        'fields: [{kind: "*", path: spec.image}]',
    ],
)
def test_other_files_or_options_are_not_guessed(folder: Path, more: str) -> None:
    alone, found, used = inventories(folder, f"{SHAPE}\n{more}\n", managed_only=True)
    assert (found, used) == (alone, 0)


@pytest.mark.parametrize(
    ("text", "managed_only"),
    [
        (f"{IGNORE}\n# policy: shape\n", True),
        (IGNORE.replace("ignore", '"\\x69gnore"'), True),
        (f"{SHAPE}\n# policy: ignore\n", True),
        (SHAPE.replace("policy: shape", '"policy" : "ignore"'), True),
        (f'{SHAPE}\n"f\\x69les": {{"\\x65xclude": ["many-1/**"]}}\n', True),
        (f'{SHAPE}\n"f\\x69elds": [{{kind: "*", path: spec.image}}]\n', True),
    ],
)
def test_a_text_that_seems_to_say_something_else(
    folder: Path, text: str, managed_only: bool
) -> None:
    alone, found, _ = inventories(folder, text, managed_only=managed_only)
    assert found == alone


def test_others_may_ask_before_and_after(folder: Path) -> None:
    """Only the first who asks for all files gets what was made ahead."""
    folder.joinpath("imagebot.yaml").write_text(SHAPE)
    plain = open_workspace(str(folder))
    expected = take_inventory(plain, plain.configuration)
    with open_workspace_ahead(str(folder), managed_only=False) as workspace:
        configuration = workspace.configuration
        assert workspace.every_path() == plain.every_path()
        for _ in range(2):
            assert take_inventory(workspace, configuration, ahead=workspace.ahead) == expected
    assert take_inventory(workspace, configuration, ahead=workspace.ahead) == expected


def test_a_wrong_configuration_ends_the_child(folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("routes: 1\n")
    with (
        pytest.raises(ConfigurationError, match="must be a list"),
        open_workspace_ahead(str(folder), managed_only=True),
    ):
        pytest.fail("there is no such workspace")
    assert multiprocessing.active_children() == []


def test_a_folder_that_goes_away_is_said_as_ever(folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(SHAPE)
    with (
        mock.patch("imagebot.files.listing.list_files", side_effect=FolderError("x", "is gone")),
        open_workspace_ahead(str(folder), managed_only=True) as workspace,
        pytest.raises(FolderError, match="is gone"),
    ):
        workspace.paths()


def test_no_child_for_few_files(tmp_path: Path) -> None:
    tmp_path.joinpath("imagebot.yaml").write_text(SHAPE)
    tmp_path.joinpath("a.yaml").write_text("image: app:1.0\n")
    with open_workspace_ahead(str(tmp_path), managed_only=True) as workspace:
        assert workspace.ahead is None
        assert workspace.paths() == ["a.yaml"]


def test_no_child_for_a_part_of_the_files(folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(SHAPE)
    folder.joinpath(".git").mkdir()
    with open_workspace_ahead(str(folder / "many-1"), managed_only=True) as workspace:
        assert workspace.ahead is None
        assert len(workspace.paths()) == 86
