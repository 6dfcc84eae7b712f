from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.config.file import read_configuration
from imagebot.config.search import find_configuration
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
    with pytest.raises(ConfigurationError, match=r"not a regular file|No such file"):
        read_configuration(path)


def checkout(tmp_path: Path) -> Path:
    """A checkout with a folder in it, and a file outside of it that is nobody's business."""
    folder = tmp_path / "checkout" / "a"
    folder.mkdir(parents=True)
    (tmp_path / "checkout" / ".git").mkdir()
    (tmp_path / "checkout" / ".git" / "config").write_text("[core]\n", encoding="utf-8")
    (tmp_path / "secret").write_text("root:x:0:0\n", encoding="utf-8")
    return folder


AWAY = {
    "relative": "../../secret",
    "absolute": "{tmp_path}/secret",
    "by way of another link": "hop",
    "by way of a folder": "up/secret",
    "to nothing": "../../gone",
    "to a device": "/dev/zero",
    "into Git's own files": "../.git/config",
}


@pytest.mark.parametrize("target", AWAY.values(), ids=AWAY.keys())
def test_a_link_that_leads_out_of_the_tree_is_refused(tmp_path: Path, target: str) -> None:
    folder = checkout(tmp_path)
    (folder / "hop").symlink_to("../../secret")
    (folder / "up").symlink_to("../..")
    file = folder / "imagebot.yaml"
    file.symlink_to(target.format(tmp_path=tmp_path))
    with pytest.raises(ConfigurationError) as caught:
        find_configuration(folder)
    assert caught.value.message == (
        f"{file}: is a link that leads out of {folder.parent}, and is not followed"
    )


def test_a_link_in_a_folder_above_is_refused_too(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder.parent / "imagebot.yaml").symlink_to("../secret")
    with pytest.raises(ConfigurationError, match="leads out of"):
        find_configuration(folder)


def test_outside_of_a_checkout_a_link_may_not_even_lead_to_the_folder_above(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "imagebot.yaml").symlink_to("../imagebot.yaml")
    with pytest.raises(ConfigurationError, match="leads out of"):
        find_configuration(tmp_path / "a")


def test_a_link_that_stays_in_the_tree_is_followed(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    make(folder.parent / "shared")
    link = folder / "imagebot.yaml"
    link.symlink_to("../shared/imagebot.yaml")
    assert find_configuration(folder) == link
    assert read_configuration(link) == "routes: []\n"


def test_a_folder_that_is_reached_by_a_link_is_the_one_that_it_leads_to(tmp_path: Path) -> None:
    file = make(checkout(tmp_path))
    (tmp_path / "short").symlink_to(file.parent)
    assert find_configuration(tmp_path / "short") == file
