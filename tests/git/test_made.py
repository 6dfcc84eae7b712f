"""What a commit that was made here holds is worked out as git would list it, or not at all."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.git.tree import Committer, Identity
from tests.git.conftest import BOT, Open
from tests.git.test_listing import LIST, PATHS, some_files
from tests.support.git_repository import BareRepository, Submodule, Symlink, git, git_text

API = "clusters/test/api.yaml"
TEAM = Committer(
    Identity("imagebot", "bot@example.com"),
    datetime(2026, 1, 2, tzinfo=UTC),
    author=Identity("Té <am>", "team@example.com"),
)
MESSAGES = ("Update", "Update é\n\nImagebot-Update: a 1 -> 2\n", "", "\n\nx\n\n")


def listed(bare: BareRepository, commit: str) -> bytes:
    return git(bare.folder, *LIST, commit)


@pytest.mark.parametrize("seed", range(12))
def test_it_holds_what_git_lists(seed: int, tmp_path: Path, checkouts: Open) -> None:
    chance = random.Random(seed)
    files = {"z.yaml": b"", **some_files(chance), "l": Symlink("z.yaml"), "m": Submodule("1" * 40)}
    bare = BareRepository.create(tmp_path / "some.git", files)
    checkout = checkouts(bare)
    own = chance.sample(sorted(checkout.blobs()), chance.randint(1, len(checkout.blobs())))
    checkout.committer = chance.choice((BOT, TEAM))
    base = checkout.head
    edits = {path: b"new of %s" % path.encode() for path in own}
    commit = checkout.commit(base, edits, message=chance.choice(MESSAGES))
    checkout.push(commit, "main")
    made = checkout.made(commit)
    assert made is not None
    assert made.contents == edits
    assert made.listing(listed(bare, base), commit) == listed(bare, commit)


def test_every_path_of_the_other_tests_is_worked_out(tmp_path: Path, checkouts: Open) -> None:
    """Names of which git sorts some as folders, and some that begin with others."""
    files = [path for path in PATHS if path not in ("a", "a/b")]
    bare = BareRepository.create(tmp_path / "all.git", dict.fromkeys(files, b"old"))
    base = bare.head() or ""
    checkout = checkouts(bare)
    checkout.committer = BOT
    commit = checkout.commit(base, dict.fromkeys(files, b"new"), message="Update")
    checkout.push(commit, "main")
    made = checkout.made(commit)
    assert made is not None
    assert made.listing(listed(bare, base), commit) == listed(bare, commit)


def test_what_the_id_does_not_prove_is_not_believed(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    checkout.committer = BOT
    base = checkout.head
    commit = checkout.commit(base, {API: b"new\n"}, message="Update")
    made = checkout.made(commit)
    assert made is not None
    listing = listed(bare, base)
    assert made.listing(listing, commit) is not None
    readme = git_text(bare.folder, "rev-parse", f"{base}:README.md").encode()
    others = {
        "another message": replace(made, message="Other"),
        "another base": replace(made, base="0" * 40),
        "another time": replace(made, committer=TEAM),
        "another content": replace(made, files=((made.files[0][0], b"other"),)),
    }
    assert [name for name, each in others.items() if each.listing(listing, commit)] == []
    records = listing.split(b"\0")
    others_listed = {
        "one more": listing + b"100644 blob %s\tzz\0" % readme,
        "one less": b"\0".join(each for each in records if b"test/web" not in each),
        "the file is gone": b"\0".join(each for each in records if b"test/api" not in each),
        "nothing": b"",
        "another mode": listing.replace(b"100644", b"100755", 1),
        "another order": b"\0".join((*records[-2::-1], b"")),
    }
    assert [name for name, each in others_listed.items() if made.listing(each, commit)] == []


def test_modes_that_git_does_not_write_any_more(bare: BareRepository, checkouts: Open) -> None:
    """git lists 100664 as 100644: the tree has another id than what is listed, nothing is kept."""
    blob = git_text(bare.folder, "hash-object", "-w", "--stdin", stdin=b"old\n")
    entries = b"".join(
        b"%s %s\0%s" % (mode, name, bytes.fromhex(blob))
        for mode, name in ((b"100664", b"a.yaml"), (b"100644", b"b.yaml"))
    )
    argv = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    tree = git_text(bare.folder, *argv, stdin=entries)
    env = {
        f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    base = git(bare.folder, "commit-tree", tree, stdin=b"Old\n", env=env).decode().strip()
    bare.move("main", base)
    checkout = checkouts(bare)
    for number in range(3):
        assert set(checkout.blobs()) == {"a.yaml", "b.yaml"}
        checkout.committer = BOT
        edits = {"b.yaml": b"%d\n" % number}
        checkout.push(checkout.commit(checkout.head, edits, message="Update"), "main")
        assert git(bare.folder, *LIST, checkout.head) == checkout._list(checkout.head).listing
        assert bare.read_files()["b.yaml"] == edits["b.yaml"]


def test_a_push_keeps_the_listing(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    checkout.committer = BOT
    commit = checkout.commit(checkout.head, {"README.md": b"new\n"}, message="Update")
    checkout.close()
    (kept,) = bare.folder.parent.glob("cache/git/*/imagebot-listing-*")
    assert commit.encode() not in kept.read_bytes()
    checkout.push(commit, "main")
    checkout.close()
    assert kept.read_bytes().partition(b"\n")[2] == listed(bare, commit)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_commit_for_another_branch_is_not_the_head(bare: BareRepository, checkouts: Open) -> None:
    checkout = checkouts(bare)
    checkout.committer = BOT
    head = checkout.head
    commit = checkout.commit(head, {"README.md": b"new\n"}, message="Update")
    checkout.close()
    (kept,) = bare.folder.parent.glob("cache/git/*/imagebot-listing-*")
    before = kept.read_bytes()
    checkout.push(commit, "imagebot/main/all", lease="")
    checkout.close()
    assert kept.read_bytes() == before
    assert checkout.blobs()["README.md"] != checkout._list(commit).blobs["README.md"]
