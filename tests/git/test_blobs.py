"""What is fetched and looked for when blobs are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagebot.git.bare import BareCache
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.runner import Result, Runner
from imagebot.git.tree import blob_id
from tests.git.conftest import BOT, FILES, ambient_access
from tests.support.git_repository import BareRepository

API = "clusters/test/api.yaml"
NEW = b"made here\n"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands about blobs, in their order."""
    commands: list[str] = []
    run = Runner._run

    def noting(self: Runner, args: tuple[str, ...], *rest: Any) -> Result:
        if "--batch-check" in args:
            commands.append("look")
        elif "fetch" in args:
            commands.append("fetch")
        return run(self, args, *rest)

    monkeypatch.setattr(Runner, "_run", noting)
    return commands


def test_a_new_cache_is_not_searched_for_blobs(
    bare: BareRepository, tmp_path: Path, started: list[str]
) -> None:
    with open_checkout(tmp_path, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.refresh()
        started.clear()
        blobs = list(checkout.blobs().values())
        checkout.fetch(blobs[:2])
        assert checkout.read(blobs[:2]).keys() == set(blobs[:2])
        assert started == ["fetch", "look"]
        checkout.fetch(blobs)
        assert started == ["fetch", "look", "fetch", "look"]
        assert checkout.read(blobs).keys() == set(blobs)
        assert started == ["fetch", "look", "fetch", "look"]


def test_what_an_earlier_pass_has_fetched_is_found(
    bare: BareRepository, tmp_path: Path, started: list[str]
) -> None:
    for _ in range(2):
        started.clear()
        with open_checkout(tmp_path, bare.folder.as_uri(), "main", ambient_access()) as checkout:
            checkout.refresh()
            assert list(checkout.read([checkout.blobs()[API]]).values()) == [FILES[API]]
    assert started == ["look"]


def remake(checkout: Checkout) -> None:
    BareCache(checkout._cache.runner, "other", 10).make_anew()


def make(checkout: Checkout) -> None:
    checkout.commit(checkout.head, {API: NEW}, message="Update\n")


@pytest.mark.parametrize("between", [remake, make])
def test_blobs_that_were_found_are_read_whatever_comes_between(
    bare: BareRepository, tmp_path: Path, between: Callable[[Checkout], None]
) -> None:
    with open_checkout(tmp_path, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        blobs = checkout.blobs()
        checkout.fetch([blobs[API]])
        between(checkout)
        read = checkout.read(blobs.values())
        assert {path: read[blob] for path, blob in blobs.items()} == FILES


def test_the_blob_of_a_commit_that_is_not_pushed_is_read(
    bare: BareRepository, tmp_path: Path
) -> None:
    """The remote has not got it."""
    with open_checkout(tmp_path, bare.folder.as_uri(), "main", ambient_access()) as checkout:
        checkout.committer = BOT
        checkout.refresh()
        make(checkout)
        own = blob_id(NEW, checkout.head)
        assert checkout.read([own]) == {own: NEW}
