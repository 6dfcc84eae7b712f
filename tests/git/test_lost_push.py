"""A push is lost only when the remote's branch has moved: whatever the cache lacks is healed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import DamagedCacheError, PushRejectedError
from imagebot.git.bare import BareCache
from imagebot.git.cache import cache_path
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.runner import Result
from tests.git.conftest import FILES, Open, ambient_access, read
from tests.support.git_repository import BareRepository, git_text

API = "clusters/test/api.yaml"
REVIEWED = "imagebot/main/test"

Harm = Callable[[BareCache], None]


def objects(cache: BareCache) -> Path:
    return cache.runner.directory / "objects"


def loose(cache: BareCache, name: str) -> Path:
    """The file of an object that was made here; the newest commit has the name `new`."""
    found = {
        git_text(cache.runner.directory, "cat-file", "-t", oid).strip(): oid
        for oid in (path.parent.name + path.name for path in objects(cache).glob("??/*"))
    }
    assert found.keys() == {"commit", "tree", "blob"}, "several commits were made here"
    return objects(cache) / found[name][:2] / found[name][2:]


def lose_all(cache: BareCache) -> None:
    shutil.rmtree(objects(cache))


def lose_folder(cache: BareCache) -> None:
    shutil.rmtree(cache.runner.directory)


def remake(cache: BareCache) -> None:
    BareCache(cache.runner, "other", 10).make_anew()


def lose_fetched(cache: BareCache) -> None:
    """What is made here stays, the commit that it was made on does not."""
    shutil.rmtree(objects(cache) / "pack", ignore_errors=True)


def recreate(cache: BareCache) -> None:
    """A fetch that was running when the objects were destroyed makes their folder again."""
    shutil.rmtree(objects(cache))
    (objects(cache) / "pack").mkdir(parents=True)


def make_shallow(cache: BareCache) -> None:
    """git takes a commit in this file for one without parents."""
    new = loose(cache, "commit")
    (cache.runner.directory / "shallow").write_text(f"{new.parent.name}{new.name}\n")


def lose(name: str) -> Harm:
    return lambda cache: loose(cache, name).unlink()


def cut(name: str) -> Harm:
    def harm(cache: BareCache) -> None:
        path = loose(cache, name)
        data = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(data[: len(data) // 2])

    return harm


HARMS: dict[str, Harm] = {
    "all": lose_all,
    "the folder": lose_folder,
    "remade": remake,
    "fetched": lose_fetched,
    "recreated": recreate,
    "shallow": make_shallow,
    **{f"lost {name}": lose(name) for name in ("commit", "tree", "blob")},
    **{f"cut {name}": cut(name) for name in ("commit", "tree", "blob")},
}


@pytest.fixture(params=["a fresh cache", "an old cache"])
def checkout(
    request: pytest.FixtureRequest, bare: BareRepository, tmp_path: Path, checkouts: Open
) -> Checkout:
    """Refreshed; the cache was made by this pass, or by an earlier one that made no commit."""
    if request.param == "an old cache":
        url = bare.folder.as_uri()
        with open_checkout(tmp_path / "cache", url, "main", ambient_access()) as earlier:
            earlier.refresh()
            read(earlier, API)
    return checkouts(bare)


def harm_pushes(monkeypatch: pytest.MonkeyPatch, *harms: Harm) -> None:
    """Do these, one before each `git push`."""
    push, left = BareCache.push, list(harms)

    def harmed(self: BareCache, *args: str) -> Result:
        if left:
            left.pop(0)(self)
        return push(self, *args)

    monkeypatch.setattr(BareCache, "push", harmed)


def commit(checkout: Checkout, data: bytes = b"new\n") -> str:
    return checkout.commit(checkout.head, {API: data}, message="Update\n")


def only_the_cache_is_blamed(caplog: pytest.LogCaptureFixture, bare: BareRepository) -> None:
    for record in caplog.records:
        assert "the cache is damaged" in record.getMessage()
        assert bare.folder.as_uri() not in record.getMessage()


@pytest.mark.parametrize("harm", HARMS)
def test_damage_before_a_push(
    harm: str,
    bare: BareRepository,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = commit(checkout)
    harm_pushes(monkeypatch, HARMS[harm])
    checkout.push(made, "main")
    assert bare.head() == made == checkout.head
    assert bare.read_files() == {**FILES, API: b"new\n"}
    only_the_cache_is_blamed(caplog, bare)
    checkout.push(commit(checkout, b"newer\n"), "main")
    assert bare.read_files()[API] == b"newer\n"


@pytest.mark.parametrize("harm", HARMS)
def test_damage_before_a_push_with_a_lease(
    harm: str,
    bare: BareRepository,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of a branch that is new, of one that has a commit of somebody, and one to be deleted."""
    made = commit(checkout)
    harm_pushes(monkeypatch, HARMS[harm])
    checkout.push(made, REVIEWED, lease="")
    assert bare.head(REVIEWED) == made
    bare.commit({"README.md": b"by hand\n"}, branch=REVIEWED)
    theirs = bare.commit({"README.md": b"by hand, too\n"}, branch=REVIEWED)
    checkout.refresh()
    monkeypatch.undo()
    harm_pushes(monkeypatch, HARMS[harm])
    checkout.push(made, REVIEWED, lease=theirs)
    assert bare.head(REVIEWED) == made
    monkeypatch.undo()
    harm_pushes(monkeypatch, HARMS[harm])
    checkout.delete_branch(REVIEWED, lease=made)
    assert bare.head(REVIEWED) is None
    only_the_cache_is_blamed(caplog, bare)


@pytest.mark.parametrize("harm", HARMS)
def test_damage_before_a_push_that_is_lost(
    harm: str, bare: BareRepository, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is the remote that has moved, and what is there stays."""
    made = commit(checkout)
    checkout.push(made, REVIEWED, lease="")
    theirs = bare.commit({"README.md": b"by hand\n"})
    bare.move(REVIEWED, theirs)
    harm_pushes(monkeypatch, HARMS[harm])
    with pytest.raises(PushRejectedError) as caught:
        checkout.push(made, "main")
    assert caught.value.kind == "behind"
    with pytest.raises(PushRejectedError) as caught:
        checkout.push(made, REVIEWED, lease=made)
    assert caught.value.kind == "lease"
    with pytest.raises(PushRejectedError) as caught:
        checkout.delete_branch(REVIEWED, lease=made)
    assert caught.value.kind == "lease"
    assert bare.head() == bare.head(REVIEWED) == theirs


@pytest.mark.parametrize("harm", ["all", "the folder", "remade", "fetched", "recreated"])
def test_damage_before_a_commit_and_a_dry_push(
    harm: str, bare: BareRepository, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = checkout._cache
    HARMS[harm](cache)
    made = commit(checkout, b"newer\n")
    HARMS[harm](cache)
    checkout.try_push("main")
    harm_pushes(monkeypatch, HARMS[harm])
    checkout.push(made, "main")
    assert bare.read_files() == {**FILES, API: b"newer\n"}


def test_another_branch_makes_the_same_commit_in_a_new_cache(
    bare: BareRepository, checkouts: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git did not find the commit on which it is made, and now the cache has both."""
    git_text(bare.folder, "branch", "twin", "main")
    checkout, twin = checkouts(bare), checkouts(bare, branch="twin")
    made = commit(checkout)
    push = BareCache.push

    def harmed(self: BareCache, *args: str) -> Result:
        monkeypatch.undo()
        remake(self)
        result = push(self, *args)
        assert b"fetch first" in result.out
        twin.refresh()
        assert commit(twin) == made
        return result

    monkeypatch.setattr(BareCache, "push", harmed)
    checkout.push(made, "main")
    assert bare.head() == made


def test_commits_that_are_made_on_each_other(
    bare: BareRepository, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = commit(checkout)
    second = checkout.commit(first, {API: b"newer\n"}, message="Update\n")
    harm_pushes(monkeypatch, lose_fetched)
    checkout.push(second, "main")
    assert [one.sha for one in bare.log()][:2] == [second, first]


def test_a_push_that_was_taken_is_made_again(
    bare: BareRepository, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache was destroyed before git ended, so that it fails."""
    push = BareCache.push

    def harmed(self: BareCache, *args: str) -> Result:
        assert push(self, *args).status == 0
        remake(self)
        monkeypatch.setattr(BareCache, "push", push)
        return Result(128, b"", f"fatal: not a git repository: '{self.runner.directory}'")

    made = commit(checkout)
    monkeypatch.setattr(BareCache, "push", harmed)
    checkout.push(made, "main")
    monkeypatch.setattr(BareCache, "push", harmed)
    checkout.push(made, REVIEWED, lease="")
    assert bare.head(REVIEWED) == made
    monkeypatch.setattr(BareCache, "push", harmed)
    checkout.delete_branch(REVIEWED, lease=made)
    assert bare.head() == made
    assert bare.head(REVIEWED) is None


@pytest.mark.parametrize("harm", HARMS)
def test_a_cache_that_is_damaged_each_time_is_to_blame(
    harm: str, bare: BareRepository, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commit(checkout)
    harm_pushes(monkeypatch, *[HARMS[harm]] * 4)
    with pytest.raises(DamagedCacheError) as caught:
        checkout.push(made, "main")
    assert "the cache is damaged" in str(caught.value)
    assert str(cache_path(checkout._runner.directory.parents[1], bare.folder.as_uri())) in str(
        caught.value
    )
    assert bare.folder.as_uri() not in str(caught.value)
    assert "somebody else" not in str(caught.value)
    assert bare.read_files() == FILES


def test_what_a_new_cache_has_again(bare: BareRepository, checkouts: Open) -> None:
    """Commits that the branch does not lead to: of a branch of the bot's, and one of no branch."""
    first = str(bare.head())
    other = bare.commit({"README.md": b"other\n"})
    bare.move(REVIEWED, other)
    bare.move("gone", other)
    reviewed = bare.commit({API: b"reviewed\n"}, branch=REVIEWED)
    gone = bare.commit({API: b"gone\n"}, branch="gone")
    bare.move("main", first)
    git_text(bare.folder, "branch", "-D", "gone")
    checkout = checkouts(bare)
    assert checkout.fetch_branch(REVIEWED) == reviewed
    assert checkout.fetch_commit(gone)
    remake(checkout._cache)
    assert checkout.message(gone)
    remake(checkout._cache)
    made = checkout.commit(other, {API: b"again\n"}, message="Update\n")
    checkout.push(made, REVIEWED, lease=reviewed)
    assert bare.read_files(REVIEWED)[API] == b"again\n"


def test_a_commit_on_what_was_rewritten_is_not_needed(
    bare: BareRepository, checkouts: Open
) -> None:
    first = str(bare.head())
    bare.commit({"README.md": b"other\n"})
    checkout = checkouts(bare)
    commit(checkout)
    bare.move("main", first)
    bare.configure("uploadpack.allowAnySHA1InWant", "false")
    checkout.refresh()
    remake(checkout._cache)
    checkout.push(commit(checkout), "main")
    assert bare.read_files() == {**FILES, API: b"new\n"}
