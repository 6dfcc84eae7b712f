from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.config_file import MAX_BYTES, find_configuration, read_configuration
from imagebot.errors import ConfigurationError


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "imagebot.yaml"
    file.write_text("routes: []\n", encoding="utf-8")
    return file


def test_the_nearest_one_upwards(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    outer, inner = make(tmp_path), make(tmp_path / "a" / "b")
    assert find_configuration(tmp_path / "a" / "b") == inner
    assert find_configuration(tmp_path / "a") == outer
    assert find_configuration(tmp_path) == outer


def test_not_beyond_the_root_of_the_checkout(tmp_path: Path) -> None:
    make(tmp_path)
    checkout = tmp_path / "checkout"
    (checkout / "a").mkdir(parents=True)
    # A worktree or submodule has a file there, not a folder.
    (checkout / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert find_configuration(checkout / "a") is None


def test_outside_of_a_checkout_only_the_folder_itself(tmp_path: Path) -> None:
    file = make(tmp_path)
    (tmp_path / "a").mkdir()
    assert find_configuration(tmp_path) == file
    assert find_configuration(tmp_path / "a") is None


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link"])
def test_what_has_its_name_and_cannot_be_read_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "imagebot.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("gone.yaml")
    assert find_configuration(tmp_path) == path
    with pytest.raises(ConfigurationError, match=r"no regular file|No such file"):
        read_configuration(path)


def test_reading(tmp_path: Path) -> None:
    assert read_configuration(make(tmp_path)) == "routes: []\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: \xff\n", "is no UTF-8 text (line 1)"),
        (b"#" * (MAX_BYTES + 1), "is larger than 1,048,576 bytes"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    assert caught.value.message == f"{file}: {reason}"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_configuration(tmp_path / "none.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no regular file"):
        read_configuration(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="is no regular file"):
        read_configuration(pipe)
