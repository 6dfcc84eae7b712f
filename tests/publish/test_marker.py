from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.publish.marker import (
    MOST_IDS,
    PullRequestMarker,
    read_marker,
    with_marker,
    write_marker,
)
from imagebot.publish.packed import pack, unpack
from imagebot.publish.state import read_trailer, state_trailer, with_state
from imagebot.publish.text import MAX_BODY, pull_request_body
from tests.publish.old_markers import old_marker
from tests.publish.updates import make_update

MARKER = PullRequestMarker(route="production", plan="a" * 16, blobs="b" * 16, pushed="c" * 40)
FULL = dataclasses.replace(
    MARKER,
    updates=("0" * 12, "f" * 12),
    retired=True,
    configuration="d" * 12,
    again=("f" * 12,),
    policies=("1" * 8, "2" * 8),
    notes="3" * 8,
    gone=True,
    unlisted=("e" * 12,),
    people="4" * 40,
    ending="5" * 40,
    ending_since=1_700_000_000,
)
API = make_update()
IDS = st.lists(st.text(alphabet="0123456789abcdef", min_size=12, max_size=12), max_size=120)


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("count", [99, 100, 101, 1001, 20_000])
def test_a_marker_is_small(count: int, hidden: bool) -> None:
    """So that the smallest of forges takes it; it says that it has not all the ids."""
    ids = tuple(f"{number:012x}" for number in range(count))
    marker = dataclasses.replace(
        FULL,
        updates=ids,
        again=ids,
        unlisted=ids,
        policies=tuple(f"{number:08x}" for number in range(count)),
    )
    kept = dataclasses.replace(
        marker,
        updates=ids[:MOST_IDS],
        again=ids[:30],
        unlisted=ids[:30],
        policies=(),
        left=count - len(ids[:MOST_IDS]) + 2 * (count - 30) + count,
    )
    assert len(write_marker(marker, hidden=hidden)) < 1700
    for body in (
        pull_request_body((API,), base="main", marker=marker, hidden=hidden),
        with_marker("text of people", marker, hidden=hidden),
        with_marker(pull_request_body((API,), base="main", marker=MARKER), marker, hidden=hidden),
    ):
        assert read_marker(body) == kept
        assert ("<!--" in body) is hidden
        assert len(body.encode()) <= MAX_BODY


@pytest.mark.parametrize("hidden", [True, False])
def test_markers_survive(hidden: bool) -> None:
    body = pull_request_body((API,), base="main", marker=FULL, hidden=hidden)
    assert read_marker(body) == FULL
    assert read_marker(body.replace("\n", "\r\n")) == FULL
    assert read_marker(f"{body}\nA note by people.\n") == FULL
    retired = dataclasses.replace(MARKER, retired=False)
    replaced = with_marker(body, retired)
    assert read_marker(replaced) == retired
    assert (replaced.count("<!--"), replaced.count("`imagebot:")) == (1, 0)
    assert read_marker(with_marker("text of people", MARKER)) == MARKER


@given(ids=IDS)
def test_ids_are_packed(ids: list[str]) -> None:
    assert unpack(pack(ids)) == tuple(ids)
    assert len(pack(ids)) == 8 * len(ids)


@given(text=st.text(max_size=40).filter(bool))
def test_any_text_survives(text: str) -> None:
    """No name of a route ends the marker or the trailer, and none mentions anybody."""
    marker = dataclasses.replace(MARKER, route=text)
    for written in (write_marker(marker), write_marker(marker, hidden=False)):
        assert read_marker(f"text\n\n{written}\n") == marker
        assert not set(written[4:-4]) & set("`@#<>![]*")
    trailer = state_trailer(marker)
    assert read_trailer(f"Update\n\n{trailer}\n") == dataclasses.replace(marker, pushed="")
    assert "\n" not in trailer


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        "<!-- imagebot:1 {} -->",
        "<!-- imagebot:1 {] -->",
        '<!-- imagebot:1 {"route": 1, "plan": "", "blobs": "", "pushed": "", "updates": ""} -->',
        '<!-- imagebot:1 {"route":"","plan":"","blobs":"","pushed":"","updates":""} -->',
        '> <!-- imagebot:1 {"route":"r","plan":"","blobs":"","pushed":"","updates":""} -->',
        '> `imagebot:2 {"route":"r","plan":"","blobs":"","pushed":"","updates":""}`',
        '<!-- imagebot:2 {"route":"r","plan":"","blobs":"","pushed":"","updates":""}`',
        "<!-- imagebot:2 {} -->",
        "<!-- imagebot:2 " + "[" * 50_000 + "] -->",
        "<!-- imagebot:2 {" + '"a":{' * 20_000 + "} -->",
        "<!-- imagebot:3 {} -->",
    ],
)
def test_what_is_no_marker(body: str) -> None:
    assert read_marker(body) is None


@pytest.mark.parametrize("ids", ["x", "A" * 7, "A" * 7 + "!", "0" * 11, "g" * 12 + " " + "0" * 12])
def test_damaged_ids_are_none(ids: str) -> None:
    known = read_marker(old_marker(MARKER, updates=ids, ending_since=-1, again=7))
    assert known == MARKER


def test_markers_of_version_1() -> None:
    assert read_marker(old_marker(FULL)) == FULL
    assert read_marker(old_marker(FULL, configuration=7)) == dataclasses.replace(
        FULL, configuration=""
    )
    older = dict.fromkeys(
        ("configuration", "again", "policies", "notes", "gone", "people", "ending", "ending_since")
    )
    assert read_marker(old_marker(MARKER, **older)) == MARKER
    body = with_marker(f"text\n\n{old_marker(FULL)}\n", FULL)
    assert body == f"text\n\n{write_marker(FULL)}\n"


@pytest.mark.parametrize(("count", "left"), [(1, 0), (999, 0), (1000, 1), (1001, 1)])
def test_a_marker_of_version_1_had_a_thousand_ids(count: int, left: int) -> None:
    """With so many there may have been more."""
    ids = tuple(f"{number:012x}" for number in range(count))
    known = read_marker(old_marker(dataclasses.replace(MARKER, updates=ids)))
    assert known == dataclasses.replace(MARKER, updates=ids[:1000], left=left)


def test_only_the_last_marker_counts() -> None:
    other = dataclasses.replace(MARKER, plan="0" * 16)
    first = pull_request_body((API,), base="main", marker=other)
    assert read_marker(first + pull_request_body((API,), base="main", marker=MARKER)) == MARKER


def test_the_state_in_a_trailer() -> None:
    """Without what only the text has; and with all ids of a large pull request."""
    ids = tuple(f"{number:012x}" for number in range(3000))
    large = dataclasses.replace(FULL, updates=ids)
    message = f"Update\n\nImagebot-Plan: x\n{state_trailer(large)}\n"
    said = dataclasses.replace(large, pushed="", notes="", people="")
    assert read_trailer(message) == said
    assert read_trailer(with_state(message, MARKER)) == dataclasses.replace(MARKER, pushed="")
    assert read_trailer("Update\n") is None
    assert with_state("Update\n", MARKER) == "Update\n"
