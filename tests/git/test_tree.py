from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagebot.errors import GitError
from imagebot.git.tree import (
    Committer,
    Identity,
    TreeFile,
    blob_id,
    commit_stream,
    parse_objects,
    parse_refs,
    parse_sizes,
    pick_files,
    quote_path,
)

ID = "0123456789012345678901234567890123456789"
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
RAW = ID.encode()


def test_sizes() -> None:
    other = "f" * 40
    output = f"{ID} blob 12\n{other} missing\n".encode()
    assert parse_sizes(output) == {ID: 12, other: None}


def test_objects_may_hold_anything() -> None:
    tricky = b"\n%s blob 3\n" % RAW
    oid = blob_id(tricky, ID)
    output = b"%s blob %d\n%s\n" % (oid.encode(), len(tricky), tricky)
    output += f"{EMPTY} blob 0\n\n".encode()
    assert parse_objects(output) == {oid: (b"blob", tricky), EMPTY: (b"blob", b"")}


@pytest.mark.parametrize(
    "output",
    [
        f"{EMPTY} blob 1\n\n\n".encode(),
        f"{EMPTY} tree 0\n\n".encode(),
        f"{ID} blob 0\n\n".encode(),
        f"{ID} missing\n".encode(),
        f"{EMPTY} blob".encode(),
    ],
)
def test_objects_that_are_others_than_their_ids_say(output: bytes) -> None:
    with pytest.raises(ValueError):
        parse_objects(output)


def test_refs_of_a_remote_that_says_anything() -> None:
    lines = [
        f"{ID}\trefs/heads/main".encode(),
        b"warning: hello",
        b"short\trefs/heads/x",
        f"{ID} refs/heads/space".encode(),
        f"{ID}\trefs/heads/\xff".encode("latin-1"),
    ]
    assert parse_refs(b"\n".join(lines)) == {"refs/heads/main": ID, "refs/heads/\ufffd": ID}


def test_blob_ids() -> None:
    assert blob_id(b"", ID) == EMPTY
    empty256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    assert blob_id(b"", "0" * 64) == empty256


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("a/b.yaml", b'"a/b.yaml"'),
        ('a"\\\n\t', b'"a\\"\\\\\\012\\011"'),
        ("ü", b'"\\303\\274"'),
        ("a b", b'"a b"'),
    ],
)
def test_quoted_paths(path: str, quoted: bytes) -> None:
    assert quote_path(path) == quoted


def test_only_files_that_are_there_and_differ_are_picked() -> None:
    find = {"a": TreeFile("a", "100644", EMPTY), "b": TreeFile("b", "100755", EMPTY)}.get
    picked = pick_files(find, {"b": b"new", "a": b""}, "x")
    assert picked == [(TreeFile("b", "100755", EMPTY), b"new")]
    for path in ("c", "../a", ".git/config", "a/../b", "/a", ""):
        with pytest.raises(GitError, match="is not a file of the commit"):
            pick_files(find, {path: b""}, "x")


def test_an_author_apart_from_the_committer() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    committer = Committer(Identity("Bot", "bot@x"), when, author=Identity("Team", "team@x"))
    stream = commit_stream(ref="r", base=ID, files=[], message="m\n", committer=committer)
    assert b"author Team <team@x> 1767225600 +0000\ncommitter Bot <bot@x> 176" in stream
    assert committer.addresses == ("team@x", "bot@x")
    assert Committer(Identity("Bot", "bot@x"), when).addresses == ("bot@x", "bot@x")


def test_names_cannot_break_the_stream() -> None:
    identity = Identity("A\n<B> \x00", "a b\n>@x")
    committer = Committer(identity, datetime(2026, 1, 1, tzinfo=UTC))
    stream = commit_stream(ref="r", base=ID, files=[], message="m\nfrom x\n", committer=committer)
    assert b"author AB <ab@x> 1767225600 +0000\ncommitter AB <ab@x> 1767225600 +0000\n" in stream
    assert b"data 9\nm\nfrom x\n\nfrom %s\n" % RAW in stream
