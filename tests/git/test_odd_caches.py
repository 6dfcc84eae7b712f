"""Caches that vanish or belong to somebody else, file systems without locks, and odd remotes."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import GitError
from imagebot.git.cache import cache_path, locked
from imagebot.git.checkout import open_checkout
from imagebot.git.runner import Result, Runner
from tests.git.conftest import BOT, FILES, Open, ambient_access, blob_of, read
from tests.support.git_repository import BareRepository, Entry, git

API, WEB = "clusters/test/api.yaml", "clusters/test/web.yaml"
REVIEWED = "imagebot/main/test"


def work(cache: Path, bare: BareRepository, data: bytes) -> None:
    """What a pass does: look, read, look back, commit, push, and a branch for a pull request."""
    with open_checkout(cache, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        assert read(checkout, API) != data
        assert checkout.history([API], most=5)[API]
        checkout.push(checkout.commit(checkout.head, {API: data}, message="Update\n"), "main")
        reviewed = checkout.commit(checkout.head, {WEB: data}, message="Review\n")
        checkout.push(reviewed, REVIEWED, lease=checkout.remote_branch(REVIEWED) or "")
    assert bare.read_files()[API] == data
    assert bare.read_files(REVIEWED) == {**bare.read_files(), WEB: data}


def delete_folder(cache: Path, directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)


def delete_everything(cache: Path, directory: Path) -> None:
    shutil.rmtree(cache, ignore_errors=True)


def put_a_file_there(cache: Path, directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.touch()


@pytest.mark.parametrize("name", ["new", "known"])
@pytest.mark.parametrize("way", [delete_folder, delete_everything, put_a_file_there])
def test_a_cache_that_goes_just_before_git_starts(
    way: Callable[[Path, Path], None],
    name: str,
    bare: BareRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody clears up by hand, who does not wait for a lock: before each of the commands."""
    run, last, count = Runner._run, 0, 0

    def taking(self: Runner, *args: Any) -> Result:
        nonlocal count
        count += self.repository == "here"
        if count == last:
            way(cache, cache_path(cache, bare.folder.as_uri()))
        return run(self, *args)

    monkeypatch.setattr(Runner, "_run", taking)
    while count >= last:
        last, count = last + 1, 0
        cache = tmp_path / (f"cache-{last}" if name == "new" else "cache")
        work(cache, bare, b"%d\n" % last)
    assert last > 10


def test_a_folder_of_caches_that_goes_before_the_remote_is_asked(
    bare: BareRepository, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    with open_checkout(cache, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        shutil.rmtree(cache)
        checkout.refresh()
        shutil.rmtree(cache)
        assert checkout.remote_branch("other") is None
        assert read(checkout, API) == FILES[API]


# Without them, root is like everybody: a folder may be closed to it.
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


@pytest.mark.parametrize("what", ["", "refs", "objects", "HEAD", "imagebot-made"])
def test_a_cache_that_the_bot_may_not_look_into(
    what: str, bare: BareRepository, tmp_path: Path
) -> None:
    """Such as one that another user has made: that is told, and is not a bug."""
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    bare.commit({"README.md": b"two\n"})
    closed = cache_path(cache, bare.folder.as_uri()) / what
    closed.chmod(0)
    (tmp_path / "bot.yaml").write_text(
        f"targets: [{{name: shop, url: '{bare.folder.as_uri()}', branch: main}}]\n"
        "routes:\n  - {name: all, files: ['**'], publish: commit,"
        " images: [{match: '**', policy: shape}]}\n"
        f"cache-dir: '{cache}'\n"
    )
    for command in ("run", "doctor"):
        done = subprocess.run(
            [*POWERLESS, sys.executable, "-m", "imagebot", command, "-c", "bot.yaml"],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert "bug" not in said
        if closed.is_dir():
            assert done.returncode == 1, said
            assert "the cache cannot be written: Permission denied" in said
        else:
            assert "cache cannot" not in said, "a file is replaced"


@pytest.mark.parametrize("number", ["ENOLCK", "EOPNOTSUPP", "EIO"])
def test_a_file_system_without_locks(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of some network mounts; none is here."""

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(getattr(errno, number), "no such thing here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(GitError, match="the cache cannot be locked: no such thing here") as caught,
        locked(tmp_path / "x", seconds=1),
    ):
        pytest.fail("nothing keeps others out")
    assert "cache-dir" in caught.value.hint


def with_sha256(folder: Path) -> BareRepository:
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main")
    bare = BareRepository(folder)
    push(bare, FILES)
    bare.configure("uploadpack.allowFilter", "true")
    return bare


def push(bare: BareRepository, files: Mapping[str, Entry]) -> None:
    """Push a commit by git itself: `BareRepository.commit` makes the ids of SHA-1."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A clone of an empty one would have other ids.
        git(folder, "init", "--quiet", "--object-format=sha256")
        if bare.head():
            git(folder, "pull", "--quiet", bare.folder.as_uri(), "main")
        for path, data in files.items():
            assert isinstance(data, bytes)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message=Change")
        git(folder, "push", "--quiet", bare.folder.as_uri(), "HEAD:main")


def test_a_repository_with_sha256(tmp_path: Path) -> None:
    bare = with_sha256(tmp_path / "remote.git")
    for number in range(3):
        push(bare, {"README.md": b"%d\n" % number})
        work(tmp_path / "cache", bare, b"%d\n" % number)


def test_a_repository_that_has_become_one_with_sha256(
    bare: BareRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And back: the cache is made anew for it."""
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    bare.folder.rename(tmp_path / "before")
    work(cache, with_sha256(bare.folder), b"two\n")
    shutil.rmtree(bare.folder)
    (tmp_path / "before").rename(bare.folder)
    work(cache, bare, b"three\n")
    assert len(caplog.records) == 2


def test_a_damaged_cache_with_sha256(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bare = with_sha256(tmp_path / "remote.git")
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    assert not caplog.records
    for index in cache_path(cache, bare.folder.as_uri()).glob("objects/pack/*.idx"):
        index.chmod(0o600)
        index.write_bytes(index.read_bytes()[:-1] + b"x")
    push(bare, {"README.md": b"two\n"})
    work(cache, bare, b"two\n")
    assert ".idx does not have its checksum" in caplog.text


def test_a_shallow_remote_is_blamed_and_not_the_cache(
    bare: BareRepository, checkouts: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as the checkout of a CI job: git takes no branch from it, and says that all is well."""
    bare.commit({"README.md": b"two\n"})
    shallow = tmp_path / "shallow.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", bare.folder.as_uri(), shallow.name)
    for _ in range(2):
        with (
            pytest.raises(GitError, match="'main' from it; it may be a shallow clone") as caught,
            open_checkout(tmp_path / "cache", shallow.as_uri(), "main", ambient_access()) as opened,
        ):
            opened.refresh()
        assert caught.value.code == "git"
        assert shallow.as_uri() in caught.value.message
    assert "whole history" in caught.value.hint
    git(shallow, "fetch", "--quiet", "--unshallow", bare.folder.as_uri())
    assert blob_of(checkouts(shallow.as_uri()), API)
    assert "refs/imagebot" not in caplog.text
