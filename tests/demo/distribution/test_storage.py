from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.demo.distribution import storage as module
from imagebot.demo.distribution.storage import (
    Storage,
    StorageFullError,
    digest_of,
    is_media_type,
    is_repository,
)
from imagebot.errors import FolderError

DATA = b"data"
DIGEST = digest_of(DATA)


def filled(folder: Path) -> Storage:
    storage = Storage(folder)
    storage.put_blob("team/app", DIGEST, DATA)
    storage.put_manifest("team/app", digest_of(b"{}"), "application/json", b"{}", "1.0")
    return storage


def test_a_directory_holds_what_memory_holds(tmp_path: Path) -> None:
    filled(tmp_path)
    again = Storage(tmp_path)
    assert again.tags("team/app") == ("1.0",)
    assert again.blob("team/app", DIGEST) == DATA
    manifest = again.manifest("team/app", "1.0")
    assert manifest is not None
    assert (manifest.media_type, manifest.data) == ("application/json", b"{}")


def test_what_is_deleted_is_gone_from_the_directory_too(tmp_path: Path) -> None:
    storage = filled(tmp_path)
    assert storage.delete_blob("team/app", DIGEST)
    assert storage.delete_manifest("team/app", digest_of(b"{}"))
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    again = Storage(tmp_path)
    assert again.tags("team/app") == ()
    assert again.blob("team/app", DIGEST) is None


def test_content_that_another_repository_has_stays(tmp_path: Path) -> None:
    storage = filled(tmp_path)
    storage.put_blob("team/other", DIGEST, DATA)
    storage.delete_blob("team/app", DIGEST)
    assert storage.blob("team/app", DIGEST) is None
    assert storage.blob("team/other", DIGEST) == DATA
    assert Storage(tmp_path).blob("team/other", DIGEST) == DATA


def test_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOTAL", 10)
    storage = Storage()
    storage.put_blob("team/app", digest_of(b"123456"), b"123456")
    storage.put_blob("team/other", digest_of(b"123456"), b"123456")
    with pytest.raises(StorageFullError):
        storage.put_blob("team/app", digest_of(b"12345"), b"12345")
    storage.delete_blob("team/app", digest_of(b"123456"))
    storage.delete_blob("team/other", digest_of(b"123456"))
    storage.put_blob("team/app", digest_of(b"1234567890"), b"1234567890")


def _change(key: str, value: object) -> Callable[[dict[str, dict[str, object]]], object]:
    return lambda document: document["team/app"].update({key: value})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update({"../app": document["team/app"]}),
        lambda document: document.update({"app": []}),
        lambda document: document.update({"app": None}),
        _change("blobs", ["sha256:../../../etc/passwd"]),
        _change("blobs", ["sha256:" + "0" * 64]),
        _change("blobs", 1),
        _change("blobs", [[]]),
        _change("tags", {"a b": DIGEST}),
        _change("tags", {"2.0": "sha256:" + "0" * 64}),
        _change("manifests", {digest_of(b"{}"): "a/b\r\nSet-Cookie: x"}),
        _change("manifests", {digest_of(b"{}"): 1}),
    ],
)
def test_a_list_that_no_registry_wrote(
    tmp_path: Path, spoil: Callable[[dict[str, object]], object]
) -> None:
    filled(tmp_path)
    path = tmp_path / "repositories.json"
    document = json.loads(path.read_bytes())
    spoil(document)
    path.write_text(json.dumps(document))
    with pytest.raises(FolderError, match="not the folder of a demo registry"):
        Storage(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "null", "{", "[" * 100_000])
def test_a_list_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "repositories.json").write_text(content)
    with pytest.raises(FolderError, match="not the folder of a demo registry"):
        Storage(tmp_path)


def test_content_that_was_changed(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "blobs" / "sha256" / DIGEST.removeprefix("sha256:")).write_bytes(b"else")
    with pytest.raises(FolderError, match="was changed"):
        Storage(tmp_path)


def test_a_file_is_not_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError):
        Storage(tmp_path / "file")


@pytest.mark.parametrize("name", ["app", "team/app", "a/b/c/d", "localhost/app", "a.b/c", "a__b"])
def test_repositories(name: str) -> None:
    assert is_repository(name)


@pytest.mark.parametrize("name", ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "A", "a:1"])
def test_no_repositories(name: str) -> None:
    assert not is_repository(name)


@pytest.mark.parametrize("text", ["", "a", "a/", "/a", "a/b\n", "a/b c", "a/b;c=d", "A/B", "a/é"])
def test_no_media_types(text: str) -> None:
    assert not is_media_type(text)
