"""Writing the files of a plan: what could not be written, and what an interrupt leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

import imagebot.files.rewrite as rewrite_module
from imagebot.errors import FolderError
from imagebot.files.folder import write_file
from imagebot.files.rewrite import FileChange, create_file, write_changes


def changes(root: Path, count: int) -> list[FileChange]:
    made = []
    for number in range(count):
        path = f"{number}.yaml"
        (root / path).write_bytes(b"old")
        made.append(FileChange(path, b"old", b"new", (str(number),)))
    return made


def test_a_file_that_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    wanted = changes(tmp_path, 3)
    (tmp_path / "1.yaml").write_bytes(b"other")
    unwritten = write_changes(tmp_path, wanted)
    assert [(each.change.path, each.error.code) for each in unwritten] == [("1.yaml", "folder")]
    assert [(tmp_path / each.path).read_bytes() for each in wanted] == [b"new", b"other", b"new"]


@pytest.mark.parametrize("before", [True, False])
def test_an_interrupt_says_how_many_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    def interrupted(root: Path, path: str, old: bytes, new: bytes) -> None:
        if path == "2.yaml" and before:
            raise KeyboardInterrupt
        write_file(root, path, old, new)
        if path == "2.yaml":
            raise KeyboardInterrupt

    monkeypatch.setattr(rewrite_module, "write_file", interrupted)
    with pytest.raises(KeyboardInterrupt, match=f"{2 if before else 3} of 5 files were written"):
        write_changes(tmp_path, changes(tmp_path, 5))


@pytest.mark.parametrize("replace", [True, False])
def test_a_new_file_is_written_through_no_link(tmp_path: Path, replace: bool) -> None:
    tree, victim = tmp_path / "tree", tmp_path / "victim"
    tree.mkdir()
    victim.write_text("old")
    for name in (".imagebot.yaml.new", ".imagebot.yaml"):
        (tree / name).symlink_to(victim)
    if replace:
        (tree / "imagebot.yaml").symlink_to(victim)
    create_file(tree / "imagebot.yaml", "policies: {}\n", replace=replace)
    assert victim.read_text() == "old"
    assert not (tree / "imagebot.yaml").is_symlink()
    assert (tree / "imagebot.yaml").read_text() == "policies: {}\n"
    assert len(list(tree.iterdir())) == 3


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "imagebot.yaml"
    path.write_text("old")
    with pytest.raises(FolderError, match="exists"):
        create_file(path, "new", replace=False)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
