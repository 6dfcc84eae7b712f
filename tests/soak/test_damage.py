"""Damage to files of the cache: never a wrong byte on the remote, and a way out for its owner."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.soak.conftest import Desk, Soak

ROUNDS = 60


def damage(path: Path, chance: random.Random) -> str:
    """Do to a file what a full disk, a crash or a bad sector does; what it was."""
    data = bytearray(path.read_bytes())
    ways = ["cut", "zero", "empty", "gone", "flip"]
    way = chance.choice(ways)
    at = chance.randrange(len(data)) if data else 0
    if way == "cut":
        del data[at:]
    elif way == "flip" and data:
        data[at] ^= 1 << chance.randrange(8)
    elif way == "zero":
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    elif way == "empty":
        data.clear()
    mode = path.stat().st_mode
    path.unlink()
    if way != "gone":
        path.write_bytes(data)
        path.chmod(mode)
    return f"{way} at {at}: {path}"


@pytest.mark.timeout(1200)
def test_damaged_caches(desk: Desk, soak: Soak) -> None:
    desk.push_tag()
    assert desk.run()[0] == 0
    healed = 0
    for _ in range(soak.times(ROUNDS)):
        # Not git's objects, which tests/git/test_checkout.py damages all at once: with one of them
        # damaged, git 2.39 starts a fetch out of each fetch, without end.
        paths = sorted(
            path
            for path in desk.cache.rglob("*")
            if path.is_file() and "objects" not in path.relative_to(desk.cache).parts
        )
        done = [damage(path, soak.chance) for path in soak.chance.sample(paths, 2)]
        print(*done, sep="\n")
        desk.push_tag()
        code, document = desk.run()
        desk.assert_whole()
        if code == 0:
            healed += 1
        else:
            # Told, at least; and a cache may be deleted at any time.
            assert code == 1
            print(*(problem["message"] for problem in document["problems"]), sep="\n")
            assert {problem["code"] for problem in document["problems"]} == {"git"}
            shutil.rmtree(desk.cache)
            assert desk.run()[0] == 0
        desk.assert_done()
    # Nearly always it needs nobody.
    assert healed >= soak.times(ROUNDS) // 2
