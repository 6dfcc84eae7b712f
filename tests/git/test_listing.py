from __future__ import annotations

import random
from pathlib import Path

import pytest

from imagebot.git.listing import apply_diff, changed_trees, parse_listing
from imagebot.git.tree import TreeFile, TreeOther
from tests.support.git_repository import (
    BareRepository,
    Entry,
    Executable,
    Submodule,
    Symlink,
    git_text,
)

ID = "0123456789012345678901234567890123456789"
RAW = ID.encode()
LIST = ("ls-tree", "-r", "-t", "-z", "--full-tree")
DIFF = ("diff-tree", "-r", "-t", "-z", "--raw", "--no-abbrev", "--no-renames")
# `a-b`, `a` as a folder and `a.b` sort as no plain comparison of names does.
PATHS = ("a", "a-b", "a.b", "a/b", "a/b/c", "a/b-c", "a/b.c", "caf\u00e9/x", "z/y/x", "z/y-x")


def test_listing() -> None:
    output = (
        b'100644 blob %(id)s\ta b\n"c".yaml\0'
        b"040000 tree %(id)s\tsub\0"
        b"100755 blob %(id)s\tsub/run\0"
        b"100664 blob %(id)s\told\0"
        b"120000 blob %(id)s\tlink\0"
        b"160000 commit %(id)s\tmodule\0"
        b"100644 blob %(id)s\tcaf\xe9\0"
    ) % {b"id": RAW}
    tree = parse_listing(output)
    assert tree.folders == {"sub": ID}
    assert tree.files == (
        TreeFile('a b\n"c".yaml', "100644", ID),
        TreeFile("sub/run", "100755", ID),
    )
    assert tree.blobs == {file.path: ID for file in tree.files}
    assert tree.find("sub/run") == TreeFile("sub/run", "100755", ID)
    assert tree.find("sub") is tree.find("link") is tree.find("caf\\xe9") is None
    assert list(tree.folders_of("sub/run")) == [ID]
    assert tree.others == (
        TreeOther("old", "it has mode 100664"),
        TreeOther("link", "it is a symbolic link", ID),
        TreeOther("module", "it is a submodule"),
        TreeOther("caf\\xe9", "its name is not UTF-8"),
    )
    assert parse_listing(b"").files == ()


def test_longer_ids() -> None:
    output = b"160000 commit %s\tm\x00100644 blob %s\tx\x00" % (b"a" * 64, b"b" * 64)
    assert parse_listing(output).blobs == {"x": "b" * 64}
    diff = b":100644 100755 %s %s M\0x\0" % (b"b" * 64, b"c" * 64)
    changed = parse_listing(apply_diff(output, diff))
    assert changed.files == (TreeFile("x", "100755", "c" * 64),)


def some_files(chance: random.Random) -> dict[str, Entry]:
    """Some of PATHS, of which none is in the place of another's folder."""
    found: dict[str, Entry] = {}
    for path in chance.sample(PATHS, chance.randrange(len(PATHS))):
        if any(other.startswith(f"{path}/") or path.startswith(f"{other}/") for other in found):
            continue
        kinds = (b"%d\n" % chance.randrange(3), Executable(b"x"), Symlink("y"), Submodule("1" * 40))
        found[path] = chance.choice((kinds[0], *kinds))
    return found


def test_a_diff_leads_to_the_listing_that_git_makes(tmp_path: Path) -> None:
    """Files, folders, links and submodules come, go and take each other's places."""
    chance = random.Random(1)
    bare = BareRepository.create(tmp_path / "bare.git", {"first": b""})
    old = bare.head()
    assert old is not None
    for _ in range(60):
        files = some_files(chance)
        there = git_text(bare.folder, "ls-tree", "-r", "-z", "--name-only", "main").split("\0")
        gone = {path for path in there if path} - files.keys()
        new = bare.commit({**dict.fromkeys(gone), **files})
        listing, wanted = (git_text(bare.folder, *LIST, each).encode() for each in (old, new))
        diff = git_text(bare.folder, *DIFF, old, new).encode()
        assert apply_diff(listing, diff) == wanted
        trees = {oid for each in (listing, wanted) for oid in parse_listing(each).folders.values()}
        assert set(changed_trees(diff)) <= trees
        old = new


def test_a_diff_of_another_commit() -> None:
    with pytest.raises(ValueError, match="not listed"):
        apply_diff(b"100644 blob %s\tx\0" % RAW, b":100644 000000 %s %s D\0y\0" % (RAW, RAW))
