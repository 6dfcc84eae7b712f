from __future__ import annotations

import dataclasses

import pytest

from imagebot.publish.marker import PullRequestMarker, read_marker, with_marker
from imagebot.publish.text import MAX_BODY, pull_request_body
from tests.publish.updates import make_update

MARKER = PullRequestMarker(route="production", plan="a" * 16, blobs="b" * 16, pushed="c" * 40)
API = make_update()


@pytest.mark.parametrize("count", [999, 1000, 1001, 20_000])
def test_a_marker_keeps_a_thousand_ids(count: int) -> None:
    """The first ones, so that a marker cannot push a body beyond what a forge takes."""
    ids = tuple(f"{number:012x}" for number in range(count))
    marker = dataclasses.replace(MARKER, updates=ids)
    kept = dataclasses.replace(MARKER, updates=ids[:1000])
    for body in (
        pull_request_body((API,), base="main", marker=marker),
        with_marker("text of people", marker),
        with_marker(pull_request_body((API,), base="main", marker=MARKER), marker),
    ):
        assert read_marker(body) == kept
        assert len(body.encode()) <= MAX_BODY


def test_markers_survive() -> None:
    marker = dataclasses.replace(
        MARKER, updates=("0" * 12, "f" * 12), retired=True, configuration="d" * 12
    )
    body = pull_request_body((API,), base="main", marker=marker)
    assert read_marker(body) == marker
    assert read_marker(body.replace("\n", "\r\n")) == marker
    assert read_marker(f"{body}\nA note by people.\n") == marker
    retired = dataclasses.replace(MARKER, retired=False)
    assert read_marker(with_marker(body, retired)) == retired
    assert with_marker(body, retired).count("<!--") == 1
    assert read_marker(with_marker("text of people", MARKER)) == MARKER


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        "<!-- imagebot:1 {} -->",
        "<!-- imagebot:1 {] -->",
        '<!-- imagebot:1 {"route": 1, "plan": "", "blobs": "", "pushed": "", "updates": ""} -->',
        '<!-- imagebot:1 {"route":"","plan":"","blobs":"","pushed":"","updates":""} -->',
        '> <!-- imagebot:1 {"route":"","plan":"","blobs":"","pushed":"","updates":""} -->',
        "<!-- imagebot:2 {} -->",
    ],
)
def test_what_is_no_marker(body: str) -> None:
    assert read_marker(body) is None


def test_a_marker_of_an_older_version() -> None:
    body = pull_request_body((API,), base="main", marker=MARKER)
    assert read_marker(body.replace(', "configuration": ""', "")) == MARKER
    assert read_marker(body.replace('"configuration": ""', '"configuration": 7')) == MARKER


def test_only_the_last_marker_counts() -> None:
    other = dataclasses.replace(MARKER, plan="0" * 16)
    first = pull_request_body((API,), base="main", marker=other)
    assert read_marker(first + pull_request_body((API,), base="main", marker=MARKER)) == MARKER
