from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.publish.note_block import GONE, notes_hash, put_notes, with_gone
from imagebot.publish.text import MAX_BODY

BODY = "imagebot proposes 1 update.\n\n> - a quotation of its own\n"


def test_notes_are_put_first_and_replaced() -> None:
    one = put_notes(BODY, ["first", "second"])
    assert one == f"> - first\n> - second\n\n{BODY}"
    assert put_notes(one, ["third"]) == f"> - third\n\n{BODY}"
    assert put_notes(one.replace("\n", "\r\n"), []) == BODY
    assert put_notes(BODY, []) == BODY


def test_many_notes_are_counted() -> None:
    lines = put_notes(BODY, [f"note {number}" for number in range(25)]).splitlines()
    assert lines[19:21] == ["> - note 19", "> - and 5 more"]


@pytest.mark.parametrize("length", [MAX_BODY - 200, MAX_BODY - 30, MAX_BODY])
def test_what_does_not_fit_is_counted(length: int) -> None:
    """The text that was there stays whole: it has the marker."""
    body = "é" * (length // 2)
    found = put_notes(body, ["x" * 100, "y" * 100])
    assert found.endswith(body)
    assert "more" in found.splitlines()[-3 if length < MAX_BODY - 100 else 0]
    assert "y" * 100 not in found


@given(st.lists(st.text(max_size=300), max_size=30))
def test_notes_never_take_more_than_the_room(notes: list[str]) -> None:
    found = put_notes(BODY, notes, room=2000)
    assert len(found.encode()) <= 2000
    assert put_notes(found, []) == BODY


def test_hashes_and_titles() -> None:
    assert notes_hash([]) == ""
    assert notes_hash(["a"]) != notes_hash(["b"])
    assert with_gone("Update app", gone=True) == f"{GONE}Update app"
    assert with_gone(with_gone("Update app", gone=True), gone=False) == "Update app"
