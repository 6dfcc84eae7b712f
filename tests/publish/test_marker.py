from __future__ import annotations

import dataclasses

import pytest

from imagebot.publish.marker import Marker, read_marker, with_marker
from imagebot.publish.text import pull_request_body
from tests.publish.updates import make_update

MARKER = Marker(route="production", plan="a" * 16, blobs="b" * 16, pushed="c" * 40)
API = make_update()


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
