from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.git.listing import (
    CommitTree,
    apply_diff,
    changed_trees,
    find_record,
    records_in,
    records_of,
)
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
    tree = CommitTree(output)
    assert tree.folders == {"sub": ID}
    assert tree.files == (
        TreeFile('a b\n"c".yaml', "100644", ID),
        TreeFile("sub/run", "100755", ID),
    )
    assert tree.blobs == {file.path: ID for file in tree.files}
    assert tree.find("sub/run") == TreeFile("sub/run", "100755", ID)
    assert tree.find("sub") is tree.find("link") is tree.find("caf\\xe9") is None
    assert list(tree.folders_of("sub/run")) == [ID]
    assert tree.folders_above(["sub/run", "sub/run", "old"]) == {ID}
    assert tree.others == (
        TreeOther("old", "it has mode 100664"),
        TreeOther("link", "it is a symbolic link", ID),
        TreeOther("module", "it is a submodule"),
        TreeOther("caf\\xe9", "its name is not UTF-8"),
    )
    assert CommitTree(b"").files == ()


NAMES = st.text("ab\t\n/\u00e9", min_size=1, max_size=4).map(str.encode) | st.just(b"caf\xe9")
RECORDS = st.lists(
    st.tuples(
        st.sampled_from([b"100644 blob", b"100755 blob", b"040000 tree", b"120000 blob"]), NAMES
    )
)


@given(RECORDS, NAMES)
def test_one_file_is_found_as_among_all(records: list[tuple[bytes, bytes]], other: bytes) -> None:
    once = {name: kind for kind, name in records}
    found = (b"%s %040x\t%s\0" % (kind, n, name) for n, (name, kind) in enumerate(once.items()))
    tree = CommitTree(b"".join(found))
    for name in (*once, other):
        path = name.decode("utf-8", "surrogateescape")
        assert tree.blob(path) == tree.blobs.get(path)


@st.composite
def trees(draw: st.DrawFn) -> dict[bytes, bytes]:
    """The kind of everything in a commit by its path, in git's order."""
    found: dict[bytes, bytes] = {}
    for path in draw(st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))):
        names = [b"/".join(path[: number + 1]) for number in range(len(path))]
        if any(found.get(name, FOLDER) != FOLDER for name in names) or names[-1] in found:
            continue
        found |= dict.fromkeys(names[:-1], FOLDER)
        found[names[-1]] = draw(st.sampled_from([b"100644 blob", b"120000 blob", b"160000 commit"]))
    order = sorted(found, key=lambda path: path + b"/" * (found[path] == FOLDER))
    return {path: found[path] for path in order}


FOLDER = b"040000 tree"
PARTS = [b"a", b"a-b", b"a.b", b"a0", b"a\tb", b"b", b"\xff", b"\xc3\xa9"]


@given(trees(), st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map(b"/".join))
def test_records_are_found_in_long_lists(kinds: dict[bytes, bytes], other: bytes) -> None:
    records = {path: b"%s %040x\t%s" % (kinds[path], n, path) for n, path in enumerate(kinds)}
    listing = b"".join(b"%s\0" % record for record in records.values())
    assert records_of(listing) == records
    for path in (*records, other):
        place = find_record(listing, path)
        assert (listing[slice(*place)] if place else None) == records.get(path)
    for folder in (b"", *(path for path, kind in kinds.items() if kind == FOLDER)):
        inside = [path for path in records if path.rpartition(b"/")[0] == folder]
        found = list(records_in(listing, folder))
        assert [(path, record) for _, path, record in found] == [(p, records[p]) for p in inside]
        assert all(listing[slice(*place)] == record for place, _, record in found)


def test_longer_ids() -> None:
    output = b"160000 commit %s\tm\x00100644 blob %s\tx\x00" % (b"a" * 64, b"b" * 64)
    assert CommitTree(output).blobs == {"x": "b" * 64}
    diff = b":100644 100755 %s %s M\0x\0" % (b"b" * 64, b"c" * 64)
    changed = CommitTree(apply_diff(output, diff))
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


@pytest.mark.parametrize("few", [0, 64])
def test_a_diff_leads_to_the_listing_that_git_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Files, folders, links and submodules come, go and take each other's places."""
    monkeypatch.setattr("imagebot.git.listing._FEW", few)
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
        trees = {oid for each in (listing, wanted) for oid in CommitTree(each).folders.values()}
        assert set(changed_trees(diff)) <= trees
        old = new


@given(RECORDS, st.data())
def test_records_are_found_whatever_the_names(
    records: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    """A few changed entries give the same list, put into it or taken from it."""
    once = {name: kind for kind, name in records}
    names = sorted(once)
    listing = b"".join(b"%s %040x\t%s\0" % (once[name], n, name) for n, name in enumerate(names))
    changed = sorted(data.draw(st.sets(st.sampled_from(names))) if names else ())
    modes = {name: once[name].split()[0] for name in changed}
    diff = b"".join(
        b":%s %s %s %s M\0%s\0" % (modes[name], modes[name], b"0" * 40, b"f" * 40, name)
        for name in changed
    )
    wanted = b"".join(
        b"%s %s\t%s\0" % (once[name], b"f" * 40 if name in changed else b"%040x" % n, name)
        for n, name in enumerate(names)
    )
    assert apply_diff(listing, diff) == wanted


def test_a_diff_of_another_commit() -> None:
    with pytest.raises(ValueError, match="not listed"):
        apply_diff(b"100644 blob %s\tx\0" % RAW, b":100644 000000 %s %s D\0y\0" % (RAW, RAW))
