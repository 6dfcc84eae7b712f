from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.files.atomic import write_named, write_whole


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("mode", "found"), [(0o600, 0o600), (0o644, 0o644), (0o666, 0o644), (0o777, 0o755)]
)
def test_a_new_file_has_the_mode_less_the_umask(tmp_path: Path, mode: int, found: int) -> None:
    path = tmp_path / "a"
    write_whole(path, b"new", mode=mode)
    assert stat.S_IMODE(path.stat().st_mode) == found
    assert path.read_bytes() == b"new"


def test_only_the_owner_may_read_it_unless_a_mode_is_given(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@pytest.mark.parametrize("replace", [True, False])
def test_a_link_is_never_followed(tmp_path: Path, replace: bool) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a"
    victim.write_bytes(b"old")
    path.symlink_to(victim)
    if replace:
        write_whole(path, b"new")
        assert (path.is_symlink(), path.read_bytes()) == (False, b"new")
    else:
        with pytest.raises(FileExistsError):
            write_whole(path, b"new", replace=False)
    assert victim.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [path, victim]


def test_what_is_there_stays_without_replace(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old", replace=False)
    with pytest.raises(FileExistsError):
        write_whole(path, b"new", replace=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


class StopError(BaseException):
    """Not even an interrupt leaves half a file."""


@pytest.mark.parametrize("replace", [True, False])
def test_a_failure_at_the_last_moment_changes_nothing(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    seen: list[bytes] = []

    def stop(descriptor: int) -> None:
        draft = Path(f"/proc/self/fd/{descriptor}").readlink()
        assert (draft.parent, draft.name[0]) == (tmp_path, ".")
        seen.append(draft.read_bytes())
        raise StopError

    with pytest.raises(StopError):
        write_whole(path, b"new", replace=replace, finish=stop)
    assert seen == [b"new"]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_named_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (b"first", b"2"):
        write_named(path, data, mode=0o644)
        assert path.read_bytes() == data
    victim = tmp_path / "victim"
    victim.write_bytes(b"old")
    path.unlink()
    # A target may have such a link where a job puts its report.
    path.symlink_to(victim)
    write_named(path, b"new", mode=0o644)
    assert (victim.read_bytes(), path.read_bytes()) == (b"old", b"new")
    assert not path.is_symlink()


def test_a_named_pipe_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_named(path, b"report", mode=0o644)
        assert os.read(end, 100) == b"report"
    finally:
        os.close(end)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_device_stays_one() -> None:
    """The folder of terminals takes no files, whoever asks: where this fails, it does no harm."""
    controller, terminal = os.openpty()
    try:
        path = Path(os.ttyname(terminal))
        write_named(path, b"report", mode=0o644)
        assert os.read(controller, 100) == b"report"
        assert stat.S_ISCHR(path.stat().st_mode)
    finally:
        os.close(controller)
        os.close(terminal)


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_what_the_process_has_open(folder: str, tmp_path: Path) -> None:
    """As `/dev/stdout`, which leads to a file where a shell has redirected it."""
    reader, writer = os.pipe()
    with (tmp_path / "log").open("wb") as log, os.fdopen(reader, "rb") as pipe:
        log.write(b"before ")
        log.flush()
        for number in (writer, log.fileno()):
            write_named(Path(f"{folder}/{number}"), b"report", mode=0o644)
        os.close(writer)
        assert pipe.read() == b"report"
    assert (tmp_path / "log").read_bytes() == b"before report"
