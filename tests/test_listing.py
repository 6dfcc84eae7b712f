"""Which files of a folder are listed, and in which order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from imagebot.errors import FolderError
from imagebot.listing import list_files
from imagebot.manifest.options import ExtraFile
from tests.test_folder import fill


def test_manifests_are_listed_in_order(tmp_path: Path) -> None:
    fill(tmp_path, "b.yaml", "a/z.yml", "a/b/c.json", "readme.md", ".git/config.yaml", "Dockerfile")
    assert list(list_files(tmp_path)) == ["Dockerfile", "a/b/c.json", "a/z.yml", "b.yaml"]


def test_excluded_and_extra_files(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "vendor/b.yaml", "image.list", "deep/image.list")
    extra = (ExtraFile(match=("**/*.list",), pattern="x"),)
    found = list(list_files(tmp_path, exclude=("vendor/**", "deep/**"), extra=extra))
    assert found == ["a.yaml", "image.list"]


IGNORE_FILES = {
    ".gitignore": "*.tmp.yaml\n/build/\nlogs/\n!keep.tmp.yaml\ndeep/**/gen\n[z-a]bad\n\\\n# note\n",
    "a/.gitignore": "local.yaml\n!b.tmp.yaml\n",
    "c/.gitignore": "*\n!*.yml\n",
}
TREE = (
    *("x.tmp.yaml", "keep.tmp.yaml", "build/x.yaml", "a/build/x.yaml", "logs/x.yaml"),
    *("a/logs/x.yaml", "a/local.yaml", "b/local.yaml", "a/b.tmp.yaml", "a/c.tmp.yaml"),
    *("deep/x/y/gen/z.yaml", "deep/gen.yaml", "c/x.yaml", "c/x.yml", "c/d/x.yml", "ok.yaml"),
)


def test_ignore_rules_are_those_of_git(tmp_path: Path) -> None:
    fill(tmp_path, *TREE)
    for path, text in IGNORE_FILES.items():
        fill(tmp_path, path, text=text)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True, env=environment)
    fill(tmp_path, ".git/info/exclude", text="ok.yaml\n")
    command = [*git, "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    wanted = {p for p in listed.decode().split("\0") if p.endswith((".yaml", ".yml"))}
    assert set(list_files(tmp_path)) == wanted
    for folder in ("a", "c", "deep"):
        below = {p.removeprefix(f"{folder}/") for p in wanted if p.startswith(f"{folder}/")}
        assert set(list_files(tmp_path / folder)) == below


def test_without_git_the_ignore_files_of_the_folder_hold(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "b.yaml", "sub/b.yaml")
    fill(tmp_path, ".gitignore", text="b.yaml\n")
    assert list(list_files(tmp_path)) == ["a.yaml"]


def test_links_in_a_circle_are_left_out(tmp_path: Path) -> None:
    tmp_path.joinpath("loop.yaml").symlink_to("loop.yaml")
    tmp_path.joinpath("a.yaml").symlink_to("b.yaml")
    tmp_path.joinpath("b.yaml").symlink_to("a.yaml")
    tmp_path.joinpath("c.yaml").write_text("x: 1\n")
    assert "c.yaml" in list(list_files(tmp_path))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More folders than one process lists alone, ignore files and odd names among them."""
    root = tmp_path_factory.mktemp("large")
    for number in range(600):
        fill(root, f"team-{number % 30:02}/app-{number:03}/a.yaml", f"t-{number % 30:02}.yaml")
    fill(root, "team-20/app-020/skip.yaml", "team-20/é.yaml", "zz/skip.yaml", "zz/a b.yaml")
    fill(root, "team-20/.gitignore", text="skip.yaml\n")
    (root / "team-25" / os.fsdecode(b"bad\xff.yaml")).write_text("image: app:1\n")
    return root


def test_a_large_folder_is_listed_the_same_by_several_processes(large: Path) -> None:
    alone = list(list_files(large, processes=1))
    assert list(list_files(large, processes=3)) == alone
    assert list(list_files(large)) == alone
    assert len(alone) == 600 + 30 + 4
    assert alone == sorted(alone, key=lambda path: path.split("/"))


def test_folders_nested_deeply_are_listed(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "a.yaml").touch()
    found = list(list_files(tmp_path))
    # pytest's own clean-up is recursive.
    subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)
    assert found == ["d/" * 1200 + "a.yaml"]


def test_a_folder_that_cannot_be_entered_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.yaml", "secret/b.yaml")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("secret/"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(list_files(tmp_path)) == ["a.yaml", "secret"]
    with pytest.raises(FolderError):
        list(list_files(tmp_path / "secret/"))
