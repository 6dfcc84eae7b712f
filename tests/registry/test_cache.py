from __future__ import annotations

import json
import multiprocessing
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.registry.api import Pushed
from imagebot.registry.cache import MetadataCache

DIGEST = "sha256:" + "1" * 64
WHEN = datetime(2024, 6, 7, 8, 9, 10, 123456, tzinfo=UTC)


def number(n: int) -> str:
    return f"sha256:{n:064x}"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    assert cache.platforms(DIGEST) is None
    assert cache.created(DIGEST) == (False, None)
    assert cache.images(DIGEST) is None
    cache.keep_platforms(DIGEST, ("linux/amd64", "linux/arm64"))
    cache.keep_created(DIGEST, WHEN)
    cache.keep_images(DIGEST, (number(2),))
    for one in (cache, MetadataCache(tmp_path)):
        assert one.platforms(DIGEST) == ("linux/amd64", "linux/arm64")
        assert one.images(DIGEST) == (number(2),)
        assert one.created(DIGEST) == (True, WHEN)
    assert cache.platforms(number(2)) is None


def test_that_there_is_nothing_is_known_too(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    cache.keep_platforms(DIGEST, ())
    cache.keep_created(DIGEST, None)
    assert MetadataCache(tmp_path).platforms(DIGEST) == ()
    assert MetadataCache(tmp_path).created(DIGEST) == (True, None)


def test_pushes_of_tags(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    names = ("r.example/app:1.0", "r.example/app:1", "other.example/app:1.0")
    cache.keep_platforms(DIGEST, ("linux/amd64",))
    cache.keep_pushed(names[0], Pushed(WHEN, "Quay", DIGEST))
    cache.keep_pushed(names[1], Pushed(WHEN.replace(day=8), "Quay", DIGEST))
    # The first is kept, and nothing for a push of no known digest.
    cache.keep_pushed(names[0], Pushed(WHEN.replace(day=9), "Quay", DIGEST))
    cache.keep_pushed(names[2], Pushed(WHEN, "Quay"))
    again = MetadataCache(tmp_path)
    assert again.pushed(DIGEST, names[0]) == Pushed(WHEN, "Quay", DIGEST)
    assert again.pushed(DIGEST, names[1]) == Pushed(WHEN.replace(day=8), "Quay", DIGEST)
    assert again.pushed(DIGEST, names[2]) is None
    assert again.pushed(number(2), names[0]) is None
    assert again.platforms(DIGEST) == ("linux/amd64",)
    (file,) = files(tmp_path)
    assert "example" not in file.read_text()


def test_no_more_than_so_many_pushes_of_a_digest(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    for count in range(150):
        cache.keep_pushed(f"r.example/app:{count}", Pushed(WHEN, "Quay", DIGEST))
    kept = [cache.pushed(DIGEST, f"r.example/app:{count}") for count in range(150)]
    assert sum(1 for one in kept if one) == 100


@pytest.mark.parametrize(
    "pushed", [None, [], {"x": 1}, {"KEY": None}, {"KEY": ["yesterday", "Quay"]}, {"KEY": ["", 1]}]
)
def test_damaged_pushes_are_not_known(tmp_path: Path, pushed: object) -> None:
    cache = MetadataCache(tmp_path)
    cache.keep_pushed("r.example/app:1", Pushed(WHEN, "Quay", DIGEST))
    (file,) = files(tmp_path)
    (key,) = json.loads(file.read_text())["pushed"]
    file.write_text(json.dumps({"pushed": pushed}).replace("KEY", key))
    assert MetadataCache(tmp_path).pushed(DIGEST, "r.example/app:1") is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    old = os.umask(0)
    try:
        MetadataCache(folder).keep_created(DIGEST, WHEN)
    finally:
        os.umask(old)
    for path in (folder, *folder.rglob("*")):
        expected = 0o600 if path.is_file() else 0o700
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 10_000,
        b'{"platforms": "linux", "created": 5}',
        b'{"platforms": [5], "created": "yesterday"}',
        b'{"created": "1970-01-01T00:00:00Z"}',
        b" " * 100_000 + b"{}",
    ],
)
def test_a_broken_file_is_no_file(tmp_path: Path, content: bytes) -> None:
    MetadataCache(tmp_path).keep_created(DIGEST, WHEN)
    (path,) = files(tmp_path)
    path.write_bytes(content)
    cache = MetadataCache(tmp_path)
    assert cache.platforms(DIGEST) is None
    assert cache.created(DIGEST) == (False, None)
    cache.keep_created(DIGEST, WHEN)
    assert MetadataCache(tmp_path).created(DIGEST) == (True, WHEN)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = MetadataCache(blocked / "cache")
    cache.keep_created(DIGEST, WHEN)
    # Only in memory, then.
    assert cache.created(DIGEST) == (True, WHEN)
    assert MetadataCache(blocked / "cache").created(DIGEST) == (False, None)


@pytest.mark.parametrize("digest", ["", "latest", "sha256:../../etc/passwd", DIGEST + "\n"])
def test_what_is_no_digest_is_not_kept(tmp_path: Path, digest: str) -> None:
    cache = MetadataCache(tmp_path)
    cache.keep_created(digest, WHEN)
    assert cache.created(digest) == (False, None)
    assert files(tmp_path) == []


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path, max_files=100)
    for n in range(700):
        cache.keep_platforms(number(n), ())
    left = files(tmp_path)
    # Pruned at the 501st write, to nine tenths of the limit.
    assert len(left) == 90 + 199
    newest = MetadataCache(tmp_path)
    assert newest.platforms(number(699)) == ()
    assert newest.platforms(number(0)) is None


def test_nothing_but_facts_is_in_it(tmp_path: Path) -> None:
    MetadataCache(tmp_path).keep_platforms(DIGEST, ("linux/amd64",))
    (path,) = files(tmp_path)
    assert json.loads(path.read_bytes()) == {"platforms": ["linux/amd64"]}
    assert path.name == f"{DIGEST.replace(':', '-')}.json"


def write(folder: Path, seed: int) -> None:
    cache = MetadataCache(folder)
    for n in range(200):
        cache.keep_platforms(number((n + seed) % 50), ("linux/amd64",))
        found = MetadataCache(folder).platforms(number(n % 50))
        assert found in (None, ("linux/amd64",))


def test_several_processes_share_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(tmp_path, seed)) for seed in (0, 7, 31)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(files(tmp_path)) == 50


def test_several_threads_share_it(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    digests = [number(n) for n in range(100)]

    def work() -> None:
        for digest in digests:
            cache.keep_created(digest, WHEN)
            cache.keep_platforms(digest, ("linux/amd64",))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {cache.created(digest) for digest in digests} == {(True, WHEN)}
    assert len(files(tmp_path)) == 100
