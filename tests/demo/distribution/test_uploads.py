from __future__ import annotations

import pytest

from imagebot.demo.distribution import uploads as module
from imagebot.demo.distribution.uploads import (
    MAX_OPEN,
    UnknownUploadError,
    Uploads,
    UploadTooLargeError,
    WrongOffsetError,
)


def test_grows_and_is_taken_once() -> None:
    uploads = Uploads()
    upload = uploads.start("app")
    assert uploads.append("app", upload, b"one", 0) == 3
    assert uploads.append("app", upload, b"two", None) == 6
    assert uploads.size("app", upload) == 6
    assert uploads.take("app", upload) == b"onetwo"
    with pytest.raises(UnknownUploadError):
        uploads.take("app", upload)


def test_a_wrong_offset_changes_nothing() -> None:
    uploads = Uploads()
    upload = uploads.start("app")
    uploads.append("app", upload, b"one", 0)
    with pytest.raises(WrongOffsetError):
        uploads.append("app", upload, b"two", 2)
    assert uploads.take("app", upload) == b"one"


def test_belongs_to_its_repository() -> None:
    uploads = Uploads()
    with pytest.raises(UnknownUploadError):
        uploads.append("other", uploads.start("app"), b"", 0)


def test_bounded_one_by_one_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BLOB", 6)
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    uploads = Uploads()
    first, second = uploads.start("app"), uploads.start("app")
    uploads.append("app", first, b"123456", 0)
    with pytest.raises(UploadTooLargeError):
        uploads.append("app", first, b"7", 6)
    with pytest.raises(UploadTooLargeError):
        uploads.append("app", second, b"12345", 0)
    uploads.append("app", second, b"1234", 0)
    uploads.take("app", first)
    uploads.append("app", second, b"56", 4)


def test_the_oldest_makes_room() -> None:
    uploads = Uploads()
    first = uploads.start("app")
    others = [uploads.start("app") for _ in range(MAX_OPEN)]
    with pytest.raises(UnknownUploadError):
        uploads.size("app", first)
    assert [uploads.size("app", upload) for upload in others] == [0] * MAX_OPEN
