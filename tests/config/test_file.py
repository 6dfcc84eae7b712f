from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from imagebot.config.file import MAX_BYTES, read_configuration, read_named
from imagebot.errors import ConfigurationError
from tests.config.test_search import make
from tests.support.process import PATIENCE


def test_a_file_that_is_named_may_be_a_link_anywhere(tmp_path: Path) -> None:
    link = tmp_path / "mine.yaml"
    link.symlink_to(make(tmp_path / "elsewhere"))
    assert read_configuration(link) == "routes: []\n"


def test_a_device_is_no_configuration() -> None:
    with pytest.raises(ConfigurationError, match="not a regular file"):
        read_configuration(Path("/dev/zero"))


def test_reading(tmp_path: Path) -> None:
    assert read_configuration(make(tmp_path)) == "routes: []\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: \xff\n", "not UTF-8 text, see line 1"),
        (b"#" * (MAX_BYTES + 1), "larger than 1,048,576 bytes"),
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
    with pytest.raises(ConfigurationError, match="not a regular file"):
        read_configuration(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        read_configuration(pipe)


def test_a_named_file_is_read_to_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert read_named(file, 100) == b"x" * 100
    assert read_named(file, 10) == b"x" * 11
    assert read_named("/dev/null", 10) == b""
    with pytest.raises(IsADirectoryError):
        read_named(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_named(tmp_path / "none", 10)


def test_a_pipe_is_read_as_far_as_somebody_writes(tmp_path: Path) -> None:
    """As `<(command)` of a shell is, which writes when it likes."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as stream:
            for _ in range(3):
                stream.write(b"x" * 50_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert read_named(pipe, 1_000_000, patience=PATIENCE) == b"x" * 150_000
    finally:
        writer.join()


@pytest.mark.parametrize("written", [b"", b"half of it"])
def test_a_pipe_that_nobody_ends_is_an_error(tmp_path: Path, written: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    both_ends = os.open(pipe, os.O_RDWR)
    try:
        os.write(both_ends, written)
        with pytest.raises(TimeoutError, match="a pipe to which nobody writes"):
            read_named(pipe, 100, patience=0.1)
    finally:
        os.close(both_ends)
