"""Which files of a folder are swept, and that the list stays short."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.manifest.images.field import Unread
from imagebot.scan import sweep as sweep_module
from imagebot.scan.inventory import take_inventory
from imagebot.scan.sweep import sweep_workspace
from imagebot.scan.workspace import open_workspace

TEXT = "a: ghcr.io/acme/a:1.0\n"


def swept(folder: Path) -> list[tuple[str, int, str]]:
    return [(each.path, each.line, each.code) for each in entries(folder)]


def entries(folder: Path) -> tuple[Unread, ...]:
    workspace = open_workspace(str(folder))
    return sweep_workspace(workspace, take_inventory(workspace, workspace.configuration))


def put(folder: Path, *paths: str) -> None:
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEXT)


def listed(*paths: str) -> list[tuple[str, int, str]]:
    return [(path, 1, "looks-like-an-image") for path in paths]


def test_every_text_file_is_swept_that_nothing_leaves_out(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.yaml",
        "b/plain",
        "c.java",
        "README.md",
        "out/a",
        "gone/b",
        ".git/config",
        ".env",
    )
    tmp_path.joinpath(".gitignore").write_text("out/\n")
    tmp_path.joinpath("imagebot.yaml").write_text("files: {exclude: [gone/**]}\nroutes: []\n")
    tmp_path.joinpath("picture.png").write_bytes(b"\x89PNG\0" + TEXT.encode())
    assert swept(tmp_path) == listed(".env", "a.yaml", "b/plain", "c.java")
    assert swept(tmp_path / "b") == listed("b/plain")


def test_a_field_or_an_unread_entry_is_not_listed_again(tmp_path: Path) -> None:
    tmp_path.joinpath("a.yaml").write_text("image: ghcr.io/acme/a:1.0\nargs: [acme/b:2.0]\n")
    tmp_path.joinpath("compose.yaml").write_text("services: {a: {build: ., image: acme/c:3.0}}\n")
    assert swept(tmp_path) == [("a.yaml", 2, "looks-like-an-image")]


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "outside/plain", "in/real")
    folder = tmp_path / "in"
    folder.joinpath("out").symlink_to("../outside/plain")
    folder.joinpath("folder").symlink_to("../outside")
    folder.joinpath("again").symlink_to("real")
    folder.joinpath("circle").symlink_to("circle")
    assert swept(folder) == listed("real")


def test_a_file_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    put(tmp_path, "plain")
    Path(tmp_path, "b\udcff").write_text(TEXT)
    assert [each[::2] for each in swept(tmp_path)] == [
        ("b\\udcff", "folder"),
        ("plain", "looks-like-an-image"),
    ]


@pytest.mark.parametrize("worth", [0, 1_000_000])
def test_many_files_give_the_same_in_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(sweep_module, "_WORTH_FILES", worth)
    monkeypatch.setattr(sweep_module, "_CHUNK", 7)
    paths = [f"f{number:03}" for number in range(100)]
    put(tmp_path, *paths)
    assert swept(tmp_path) == listed(*paths)


def test_the_rest_of_a_long_list_is_a_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "MOST", 3)
    put(tmp_path, *"abcde")
    *first, last = entries(tmp_path)
    assert [each.path for each in first] == ["a", "b", "c"]
    assert (last.path, last.line) == ("d", 0)
    assert last.reason == "2 more places look like images, from this file on"
