"""Damage to files of the cache: never a wrong byte on the remote, and nobody has to help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.conftest import Desk, Soak
from tests.support.damage import WAYS, damage, files_of

DAMAGES = 500
AT_ONCE = 2


@pytest.mark.timeout(3600)
def test_damaged_caches(desk: Desk, soak: Soak) -> None:
    """Packs, objects, refs, scans, locks: one pass later all is as if nothing had happened."""
    desk.push_tag()
    assert desk.run()[0] == 0
    for _ in range(soak.times(DAMAGES) // AT_ONCE):
        paths = soak.chance.sample(files_of(desk.cache), AT_ONCE)
        print(*(damage(path, way_for(path, soak), soak.chance) for path in paths), sep="\n")
        desk.push_tag()
        code, document = desk.run()
        assert [problem["message"] for problem in document["problems"]] == []
        assert code == 0
        desk.assert_done()


def way_for(path: Path, soak: Soak) -> str:
    # A link in the place of a lock is no accident, and refused.
    ways = [way for way in WAYS if way != "link" or path.suffix != ".lock"]
    return soak.chance.choice(ways)
