from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imagebot.errors import FolderError
from imagebot.files.folder import read_file, write_file
from imagebot.files.listing import list_files
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.events import MAX_BYTES


def fill(root: Path, *paths: str, text: str = "image: app:1.0\n") -> None:
    for path in paths:
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(root, "real.yaml")
    fill(tmp_path, "outside/secret.yaml")
    (root / "inside.yaml").symlink_to("real.yaml")
    (root / "away.yaml").symlink_to("../outside/secret.yaml")
    (root / "folder").symlink_to("../outside")
    (root / "loop").symlink_to(".")
    assert list(list_files(root)) == ["away.yaml", "folder", "real.yaml"]
    for path, expected in (("away.yaml", False), ("folder", True)):
        with pytest.raises(FolderError, match="which is not followed") as failure:
            read_file(root, path)
        assert failure.value.expected is expected
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


def test_a_name_that_is_no_text_is_listed_and_cannot_be_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.yaml")).write_text("image: app:1\n")
    (path,) = list_files(tmp_path, exclude=("other/**",))
    assert path.isprintable()
    with pytest.raises(FolderError, match="its name is not UTF-8"):
        read_file(tmp_path, path)


def test_an_edit_while_a_file_is_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: path.write_bytes(b"by hand"))
    with pytest.raises(FolderError, match="changed since it was read"):
        write_file(tmp_path, "a.yaml", b"old", b"new")
    assert path.read_bytes() == b"by hand"
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_of_two_writers_one_is_told(tmp_path: Path) -> None:
    """Both have read the same: never do both say that they have written."""
    path = tmp_path / "a.yaml"
    for number in range(50):
        path.write_bytes(b"old")
        barrier = threading.Barrier(2)

        def write(new: bytes, barrier: threading.Barrier = barrier) -> bytes | None:
            barrier.wait(30)
            try:
                write_file(tmp_path, "a.yaml", b"old", new)
            except FolderError:
                return None
            return new

        with ThreadPoolExecutor(2) as pool:
            told = set(pool.map(write, (b"one", b"two")))
        assert told == {None, path.read_bytes()}, number


def test_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `open` and `lstat` answer to anybody but root for a folder without the right to enter."""
    fill(tmp_path, "sub/a.yaml")

    def refuse(*_arguments: object, **_keywords: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "lstat", refuse)
    with pytest.raises(FolderError, match=r"sub/a\.yaml: Permission denied"):
        read_file(tmp_path, "sub/a.yaml")
