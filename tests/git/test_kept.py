"""What one pass keeps for the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imagebot.git.checkout import open_checkout
from imagebot.git.kept import load_listing, save_listing
from imagebot.git.runner import Result, Runner
from tests.git.conftest import FILES, ambient_access
from tests.support.git_repository import BareRepository

API = "clusters/test/api.yaml"
ID = "0123456789012345678901234567890123456789"
RAW = ID.encode()


def test_a_head_that_has_not_moved_takes_one_command(
    bare: BareRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pass that finds nothing to do; the configuration is the file that every pass reads."""
    started: list[str] = []
    run = Runner._run

    def noting(self: Runner, args: tuple[str, ...], *rest: Any) -> Result:
        started.append(args[0])
        return run(self, args, *rest)

    monkeypatch.setattr(Runner, "_run", noting)
    for _ in range(2):
        started.clear()
        with open_checkout(
            tmp_path / "cache", bare.folder.as_uri(), "main", ambient_access()
        ) as checkout:
            checkout.refresh()
            assert checkout.blobs().keys() == FILES.keys()
            assert checkout.read_kept(checkout.blobs()[API]) == FILES[API]
    assert started == ["ls-remote"]
    other = checkout.blobs()["README.md"]
    with open_checkout(
        tmp_path / "cache", bare.folder.as_uri(), "main", ambient_access()
    ) as checkout:
        checkout.refresh()
        assert checkout.read_kept(other) == FILES["README.md"]


@pytest.mark.parametrize("at", range(0, 190, 7))
def test_a_kept_listing_is_whole_or_not_there(at: int, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    listing = b"100644 blob %s\tx\0" % RAW
    save_listing(path, ID, listing)
    assert load_listing(path) == (ID, listing)
    data = bytearray(path.read_bytes())
    if at < len(data):
        data[at] ^= 1
    else:
        data.clear()
    path.write_bytes(data)
    assert load_listing(path) is None
    path.unlink()
    path.mkdir()
    (path / "something").touch()
    assert load_listing(path) is None
    save_listing(path, ID, listing)
    assert load_listing(path) == (ID, listing)
