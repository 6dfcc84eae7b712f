"""A commit of a target is scanned as a folder with the same files would be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.config.load import load_configuration
from imagebot.git.checkout import open_checkout
from imagebot.git.credentials import access_for
from imagebot.manifest.images.field import Unread
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import sort_unread, take_inventory
from imagebot.scan.workspace import Workspace
from tests.support.git_repository import BareRepository, Entry, Symlink

POD = b"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: 'app:1'}]}\n"
CONFIGURATION = load_configuration(
    'routes: [{name: r, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]\n',
    "imagebot.yaml",
    trusted=False,
)
LINKS = {
    "same.yaml": "pod.yaml",
    "up/inside.yaml": "../pod.yaml",
    "up/away.yaml": "../../pod.yaml",
    "absolute.yaml": "/etc/passwd",
    "chain.yaml": "up/away.yaml",
    "folder": "up",
    "through.yaml": "folder/../../pod.yaml",
    "within.yaml": "folder/../pod.yaml",
    "loop.yaml": "loop.yaml",
    "one.yaml": "two.yaml",
    "two.yaml": "one.yaml",
    "nowhere.yaml": "nothing.yaml",
    "text.txt": "/etc/hostname",
}
AWAY = {"up/away.yaml", "absolute.yaml", "chain.yaml", "through.yaml"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "outside" / "tree"
    (root / "up").mkdir(parents=True)
    (root / "pod.yaml").write_bytes(POD)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    return root


def test_links_are_unread_as_in_a_folder(folder: Path, tmp_path: Path) -> None:
    entries: dict[str, Entry] = {name: Symlink(target) for name, target in LINKS.items()}
    bare = BareRepository.create(tmp_path / "remote.git", {"pod.yaml": POD, **entries})
    here = take_inventory(Workspace(folder, "", CONFIGURATION), CONFIGURATION)
    url, access = bare.folder.as_uri(), access_for(None, os.environ)
    with open_checkout(tmp_path / "cache", url, "main", access) as checkout:
        checkout.refresh()
        there = take_inventory(CheckoutSource(checkout, CONFIGURATION.files), CONFIGURATION)
    assert [one.path for one in there.fields] == [one.path for one in here.fields] == ["pod.yaml"]
    assert set(there.unread) == set(here.unread)
    reason = "a link, which is not followed"
    assert set(there.unread) == {Unread(path, 0, "folder", reason) for path in AWAY}
    _, problems = sort_unread(there, CONFIGURATION)
    assert {problem.path for problem in problems} == AWAY
    assert all(problem.hint for problem in problems)


def test_a_tree_without_such_links_reads_none(tmp_path: Path) -> None:
    files: dict[str, Entry] = {"pod.yaml": POD, "bin/tool": Symlink("/usr/bin/env")}
    bare = BareRepository.create(tmp_path / "remote.git", files)
    url, access = bare.folder.as_uri(), access_for(None, os.environ)
    with open_checkout(tmp_path / "cache", url, "main", access) as checkout:
        checkout.refresh()
        assert CheckoutSource(checkout, CONFIGURATION.files).paths() == ["pod.yaml"]
