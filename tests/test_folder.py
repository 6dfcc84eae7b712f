from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from imagebot.errors import FolderError
from imagebot.folder import create_file, list_files, read_file, write_file
from imagebot.manifest.events import MAX_BYTES
from imagebot.manifest.options import ExtraFile
from imagebot.manifest.scan import scan


def fill(root: Path, *paths: str, text: str = "image: app:1.0\n") -> None:
    for path in paths:
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)


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


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(root, "real.yaml")
    fill(tmp_path, "outside/secret.yaml")
    (root / "inside.yaml").symlink_to("real.yaml")
    (root / "away.yaml").symlink_to("../outside/secret.yaml")
    (root / "folder").symlink_to("../outside")
    (root / "loop").symlink_to(".")
    assert list(list_files(root)) == ["away.yaml", "real.yaml"]
    with pytest.raises(FolderError, match="a link, which is not followed"):
        read_file(root, "away.yaml")
    with pytest.raises(FolderError):
        write_file(root, "away.yaml", b"image: app:1.0\n", b"x")
    with pytest.raises(FolderError, match="leads out of the folder"):
        write_file(root, "folder/secret.yaml", b"image: app:1.0\n", b"x")
    assert (tmp_path / "outside/secret.yaml").read_text() == "image: app:1.0\n"


@pytest.mark.parametrize("name", ["new\nline.yaml", "é.yaml", "sp ace.yaml", "-dash.yaml"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    fill(tmp_path, name)
    assert list(list_files(tmp_path)) == [name]
    data = read_file(tmp_path, name)
    assert len(scan(name, data).fields) == 1
    write_file(tmp_path, name, data, b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_a_name_that_is_no_text_can_be_printed(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff.yaml")
    (tmp_path / name).mkdir()
    (path,) = list_files_of(tmp_path / name)
    with pytest.raises(FolderError) as failure:
        read_file(tmp_path, name)
    failure.value.message.encode()
    assert path == "a.yaml"


def list_files_of(folder: Path) -> list[str]:
    fill(folder, "a.yaml")
    return list(list_files(folder))


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert list(list_files(tmp_path)) == []
    for name in ("pipe.yaml", "gone.yaml", "."):
        with pytest.raises(FolderError):
            read_file(tmp_path, name)


def test_a_large_file_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"image: app:1.0\n")
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES * 3)
    data = read_file(tmp_path, "big.yaml")
    assert len(data) == MAX_BYTES + 1
    assert [each.code for each in scan("big.yaml", data).unread] == ["too-big"]


def test_a_write_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_file(tmp_path, "a.yaml", b"old", b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_a_file_that_has_changed_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"changed")
    with pytest.raises(FolderError, match="changed since it was read"):
        write_file(tmp_path, "a.yaml", b"old", b"new")
    assert path.read_bytes() == b"changed"


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FolderError, match="No space left"):
        write_file(tmp_path, "a.yaml", b"old", b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no such folder"):
        list(list_files(tmp_path / "gone"))


def test_creating_files(tmp_path: Path) -> None:
    path = tmp_path / "imagebot.yaml"
    create_file(path, b"one")
    with pytest.raises(FolderError, match="exists already"):
        create_file(path, b"two")
    create_file(path, b"two", replace=True)
    assert path.read_bytes() == b"two"
    with pytest.raises(FolderError):
        create_file(tmp_path / "gone" / "x", b"")


def test_links_in_a_circle_are_left_out(tmp_path: Path) -> None:
    tmp_path.joinpath("loop.yaml").symlink_to("loop.yaml")
    tmp_path.joinpath("a.yaml").symlink_to("b.yaml")
    tmp_path.joinpath("b.yaml").symlink_to("a.yaml")
    tmp_path.joinpath("c.yaml").write_text("x: 1\n")
    assert "c.yaml" in list(list_files(tmp_path))


def test_a_name_that_is_no_text_is_listed_and_cannot_be_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.yaml")).write_text("image: app:1\n")
    (path,) = list_files(tmp_path, exclude=("other/**",))
    assert path.isprintable()
    with pytest.raises(FolderError, match="its name is no UTF-8"):
        read_file(tmp_path, path)
