from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.config.file import MAX_BYTES, read_configuration
from imagebot.errors import ConfigurationError
from tests.config.test_search import make


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
