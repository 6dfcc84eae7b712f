"""Whatever happens to the files of a cache, the pass that meets it ends as if nothing had."""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import threading
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from imagebot.errors import DamagedCacheError, GitError, GitUnreachableError
from imagebot.git.bare import BareCache
from imagebot.git.blobs import Blobs
from imagebot.git.cache import cache_path
from imagebot.git.checkout import open_checkout
from imagebot.git.runner import Runner
from imagebot.git.url import parse_url
from tests.git.conftest import BOT, FILES, ambient_access, read
from tests.support.damage import WAYS, copy_folder, damage, files_of
from tests.support.git_repository import BareRepository, git, git_text

API, WEB = "clusters/test/api.yaml", "clusters/test/web.yaml"
REVIEWED = "imagebot/main/test"


def work(cache: Path, bare: BareRepository, data: bytes) -> None:
    """What a pass does: look, read, look back, commit, push, and a branch for a pull request."""
    with open_checkout(
        cache, bare.folder.as_uri(), "main", ambient_access(), lock_seconds=10, remote_seconds=60
    ) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        contents = checkout.read(file.blob for file in checkout.files())
        texts = {file.path: contents[file.blob] for file in checkout.files()}
        assert texts == bare.read_files()
        assert checkout.history([API], most=5)[API]
        head = checkout.head
        checkout.push(checkout.commit(head, {API: data}, message="Update\n"), "main")
        reviewed = checkout.commit(checkout.head, {WEB: data}, message="Review\n")
        seen = checkout.remote_branch(REVIEWED)
        assert seen is None or checkout.authors(checkout.head, REVIEWED)
        checkout.push(reviewed, REVIEWED, lease=seen or "")
    assert bare.read_files()[API] == data
    assert bare.read_files(REVIEWED) == {**bare.read_files(), WEB: data}
    assert git_text(bare.folder, "rev-list", "--count", f"{head}..main").strip() == "1"


def one_of_each_kind(cache: Path) -> dict[str, Path]:
    """Files of a cache that one pass has used, by what they are; the paths are relative."""
    (directory,) = [path for path in (cache / "git").iterdir() if path.is_dir()]
    found: dict[str, Path] = {}
    for path in files_of(cache):
        kind = path.suffix or path.name
        if path.parent.parent.name == "objects" and not path.suffix:
            kind = git_text(directory, "cat-file", "-t", path.parent.name + path.name).strip()
        elif "refs" in path.parts:
            kind = "ref"
        found.setdefault(kind, path.relative_to(cache))
    return found


@pytest.mark.parametrize("way", WAYS)
def test_any_file_may_be_damaged(way: str, bare: BareRepository, tmp_path: Path) -> None:
    """With a head that has moved, which is fetched, and with one that has not."""
    cache, kept = tmp_path / "cache", tmp_path / "kept"
    work(cache, bare, b"one\n")
    copy_folder(cache, kept)
    kinds = one_of_each_kind(cache)
    assert kinds.keys() >= {".pack", ".idx", ".promisor", ".lock", "commit", "tree", "blob", "ref"}
    assert kinds.keys() >= {"HEAD", "config", "imagebot-made"}
    if way == "link":
        # That would be somebody's work, and is refused: tests/git/test_cache.py.
        del kinds[".lock"]
    chance = random.Random(way)
    moved = chance.random() < 0.5
    for number, path in enumerate(kinds.values()):
        moved = not moved
        if moved:
            bare.commit({"README.md": f"{path}\n".encode()})
        print(damage(cache / path, way, chance))
        work(cache, bare, b"%d\n" % number)
        copy_folder(kept, cache)


def own_object(cache: Path, bare: BareRepository) -> Path:
    """The file of the newest own commit."""
    head = bare.head()
    assert head is not None
    path = cache_path(cache, bare.folder.as_uri()) / "objects" / head[:2] / head[2:]
    assert path.is_file()
    return path


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("suffix", ["", ".idx", ".promisor"])
def test_a_damaged_commit_starts_no_fetch_after_another(
    suffix: str, bare: BareRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    cut(own_object(cache, bare))
    packs = cache_path(cache, bare.folder.as_uri()) / "objects" / "pack"
    for path in packs.glob(f"*{suffix}") if suffix else ():
        path.unlink()
    bare.commit({"README.md": b"two\n"})
    with caplog.at_level(logging.WARNING):
        work(cache, bare, b"two\n")
    assert [record.getMessage() for record in caplog.records if "making it anew" in record.msg]
    assert all(bare.folder.as_uri() not in record.getMessage() for record in caplog.records)


def runner_of(bare: BareRepository, cache: Path, log: Path) -> Runner:
    """One whose git notes each fetch that starts, in a file."""
    access = ambient_access()
    return Runner(
        directory=cache_path(cache, bare.folder.as_uri()),
        access=type(access)(inherited={**access.inherited, "GIT_TRACE2": str(log)}),
        url=parse_url(bare.folder.as_uri()),
        remote_seconds=30,
    )


def test_git_itself_cannot_start_fetches_without_end(bare: BareRepository, tmp_path: Path) -> None:
    """Also where the look before the fetch has missed the damage."""
    cache, log = tmp_path / "cache", tmp_path / "log"
    log.touch()
    work(cache, bare, b"one\n")
    cut(own_object(cache, bare))
    wanted = bare.commit({"README.md": b"two\n"})
    runner = runner_of(bare, cache, log)
    with pytest.raises(GitError):
        runner.remote("fetch", "--filter=blob:none", "origin", "main", promised=True)
    assert wanted
    started = [
        line for line in log.read_text().splitlines() if " start " in line and "fetch" in line
    ]
    assert 1 <= len(started) < 30


def test_the_cache_is_blamed_and_not_the_remote(
    bare: BareRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that damages whatever is written to it."""
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    made = BareCache.make_anew

    def make_anew(self: BareCache, **options: bool) -> None:
        made(self, **options)
        (self.runner.directory / "HEAD").write_text("")

    monkeypatch.setattr(BareCache, "make_anew", make_anew)
    (cache_path(cache, bare.folder.as_uri()) / "HEAD").write_text("")
    with pytest.raises(DamagedCacheError) as caught:
        work(cache, bare, b"two\n")
    assert caught.value.code == "git-cache"
    assert str(cache) in str(caught.value)
    assert "the cache is damaged" in str(caught.value)
    assert bare.folder.as_uri() not in str(caught.value)
    assert caught.value.hint


def test_a_remote_that_is_away_is_not_blamed_on_a_sound_cache(
    bare: BareRepository, tmp_path: Path
) -> None:
    cache = BareCache(runner_of(bare, tmp_path, tmp_path / "log"), "main", 10)
    cache.update(bare.head() or "")
    cache.fresh = False
    away = GitUnreachableError("x", "the remote cannot be reached")
    assert cache.blame(away) is away
    pack = next(cache.runner.directory.glob("objects/pack/*.pack"))
    cut(pack)
    assert isinstance(cache.blame(away), DamagedCacheError)


def test_a_remote_is_not_blamed_for_what_another_took_out_of_a_fresh_cache(
    bare: BareRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git, which had begun to read it, says that the blobs are missing, and does not fail."""
    cache, taken = tmp_path / "cache", tmp_path / "taken"
    sizes = Blobs._sizes

    def take(self: Blobs, blobs: Iterable[str]) -> dict[str, int | None]:
        found = sizes(self, blobs)
        if None in found.values() or taken.exists():
            return found
        (self.cache.runner.directory / "objects").rename(taken)
        return dict.fromkeys(found)

    monkeypatch.setattr(Blobs, "_sizes", take)
    work(cache, bare, b"one\n")
    assert taken.exists()


def test_what_a_killed_process_leaves_behind(bare: BareRepository, tmp_path: Path) -> None:
    """It is deleted, and the cache is not made anew for it."""
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    directory = cache_path(cache, bare.folder.as_uri())
    kept = (directory / "imagebot-made").read_text()
    left = [
        "config.lock", "packed-refs.lock", "gc.pid", "fast_import_crash_12",
        "objects/pack/tmp_pack_x", "objects/pack/pack-1.keep", "objects/17/tmp_obj_y",
        "objects/pack/pack-2.pack", "objects/incoming-1/pack/tmp_pack_z",
    ]  # fmt: skip
    left += [f"{path.relative_to(directory)}.lock" for path in directory.glob("refs/imagebot/*")]
    for name in left:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(b"")
    bare.commit({"README.md": b"two\n"})
    work(cache, bare, b"two\n")
    assert [name for name in left if (directory / name).exists()] == []
    assert (directory / "imagebot-made").read_text() == kept


def test_another_bot_makes_the_cache_anew_before_the_push(
    bare: BareRepository, tmp_path: Path
) -> None:
    """git then says that the remote is ahead, because it does not know its commit."""
    cache = tmp_path / "cache"
    with open_checkout(cache, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        made = checkout.commit(checkout.head, {API: b"new\n"}, message="Update\n")
        BareCache(runner_of(bare, cache, tmp_path / "log"), "other", 10).make_anew()
        checkout.push(made, "main")
    assert bare.read_files()[API] == b"new\n"


def test_a_listing_of_an_earlier_pass_is_no_proof_of_the_trees(
    bare: BareRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The commit that is made is right although a tree it is made from says something else."""
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    directory = cache_path(cache, bare.folder.as_uri())
    tree = git_text(directory, "rev-parse", f"{bare.head()}:clusters/test")
    other = git_text(directory, "rev-parse", f"{bare.head()}:clusters/production")
    stored = directory / "objects" / tree[:2] / tree[2:]
    raw = git(directory, "cat-file", "tree", other)
    stored.chmod(0o600)
    stored.write_bytes(zlib.compress(b"tree %d\0%s" % (len(raw), raw)))
    with caplog.at_level(logging.WARNING):
        work(cache, bare, b"two\n")
    assert [record.getMessage() for record in caplog.records if "making it anew" in record.msg]


def test_a_commit_that_was_there_is_there_again(bare: BareRepository, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    work(cache, bare, b"one\n")
    reviewed = bare.refs()[f"refs/heads/{REVIEWED}"]
    with open_checkout(cache, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.refresh()
        assert checkout.has(reviewed)
        own = cache_path(cache, bare.folder.as_uri()) / "objects" / reviewed[:2] / reviewed[2:]
        own.unlink()
        assert checkout.tree(reviewed) == git_text(bare.folder, "rev-parse", f"{reviewed}^{{tree}}")
        assert checkout.parents(reviewed) == (checkout.head,)


def look(cache: Path, bare: BareRepository, number: int, then: Callable[[], object]) -> None:
    """A pass that finds a commit of somebody else, reads it, and makes a pull request's branch."""
    bare.commit({"README.md": b"%d\n" % number})
    with open_checkout(cache, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        checkout.read(file.blob for file in checkout.files())
        made = checkout.commit(checkout.head, {WEB: b"%d\n" % number}, message="Review\n")
        checkout.push(made, REVIEWED, lease=checkout.remote_branch(REVIEWED) or "")
        then()


def test_many_passes_leave_few_packs(bare: BareRepository, tmp_path: Path) -> None:
    """Two each, of commits and of blobs, which are joined every few passes."""
    cache, counts = tmp_path / "cache", []
    directory = cache_path(cache, bare.folder.as_uri())
    for number in range(30):
        look(cache, bare, number, lambda: None)
        counts.append(len(list(directory.glob("objects/pack/*.pack"))))
        made = (directory / "imagebot-made").read_text()
        if number == 0:
            first = made
        assert made == first, "the cache was made anew"
    assert max(counts) < 20
    assert sum(later < count for count, later in itertools.pairwise(counts)) >= 3
    assert [path for path in files_of(directory) if path.name.startswith("tmp_")] == []


def test_packs_that_cannot_be_joined(bare: BareRepository, tmp_path: Path) -> None:
    """The next pass makes the cache anew, rather than all that follow trying again."""
    cache = tmp_path / "cache"
    directory = cache_path(cache, bare.folder.as_uri())

    def cut_if_many() -> None:
        packs = list(directory.glob("objects/pack/*.pack"))
        for pack in packs if len(packs) > 12 else ():
            cut(pack)

    number = 0
    while not number or list(directory.iterdir()):
        assert number < 20
        look(cache, bare, number, cut_if_many)
        number += 1
    work(cache, bare, b"two\n")


def test_branches_share_their_objects(bare: BareRepository, tmp_path: Path) -> None:
    """Also those that could not be beside each other as files, one after the other."""
    cache, first = tmp_path / "cache", str(bare.head())
    for branch in ("main", "other", "MAIN", "main/below"):
        if branch == "main/below":
            git_text(bare.folder, "update-ref", "-d", "refs/heads/main")
        git_text(bare.folder, "update-ref", f"refs/heads/{branch}", first)
        with open_checkout(cache, bare.folder.as_uri(), branch, ambient_access()) as checkout:
            checkout.refresh()
            assert read(checkout, API) == FILES[API]
    (directory,) = [path for path in (cache / "git").iterdir() if path.is_dir()]
    packs = list(directory.glob("objects/pack/*.pack"))
    assert len(packs) == 2, "the commit and the blob, once"


def test_branches_at_the_same_time(bare: BareRepository, tmp_path: Path) -> None:
    """Each in a thread; some of them destroy the cache under the others."""
    cache = tmp_path / "cache"
    branches = [f"b{number}" for number in range(4)]
    for branch in branches:
        git_text(bare.folder, "branch", branch, "main")
    directory = cache_path(cache, bare.folder.as_uri())
    failures: list[BaseException] = []

    def write(branch: str) -> None:
        try:
            for number in range(6):
                with open_checkout(
                    cache, bare.folder.as_uri(), branch, ambient_access(), lock_seconds=60
                ) as checkout:
                    checkout.committer = BOT
                    checkout.refresh()
                    data = read(checkout, API) + b"%d\n" % number
                    if number == 3 and branch in ("b0", "b2"):
                        with contextlib.suppress(FileNotFoundError):
                            (directory / "objects").rename(tmp_path / branch)
                    made = checkout.commit(checkout.head, {API: data}, message="Update\n")
                    checkout.push(made, branch)
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(branch,)) for branch in branches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    written = FILES[API] + b"".join(b"%d\n" % number for number in range(6))  # type: ignore[operator]  # bytes
    for branch in branches:
        assert bare.read_files(branch)[API] == written
