from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.plan.model import Update
from imagebot.publish.trailers import (
    Digests,
    key_of,
    name_trailers,
    update_trailers,
    written_digests,
)
from imagebot.reference import parse_repository
from tests.publish.updates import make_update

OLD = "sha256:" + "0" * 64
NEW = "sha256:" + "f" * 64
API = parse_repository("ghcr.io/acme/api")


def written(*messages: str, most: int = 100) -> dict[str, str]:
    found = written_digests(messages, most=most)
    return {f"{repository}:{tag}": each.digest for (repository, tag), each in found.items()}


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (make_update(), f"ghcr.io/acme/api 1.0.0 -> 1.1.0@{NEW}"),
        (make_update(reference="nginx", tag="1.2"), "nginx - -> 1.2"),
        (make_update(reference=f"app:1@{OLD}", tag="2", digest=NEW), f"app 1@{OLD} -> 2@{NEW}"),
        (make_update(reference=f"app@{OLD}", tag=None, digest=NEW), f"app {OLD} -> {NEW}"),
        (make_update(reference=f"app:1@{OLD}", tag=None, digest=NEW), f"app 1@{OLD} -> 1@{NEW}"),
        (make_update(reference="app:1", tag=None, digest=NEW), f"app 1 -> 1@{NEW}"),
        (make_update(reference="[::1]:5000/app:1", tag="2"), "[\u200b::1]:5000/app 1 -> 2"),
        (make_update(reference="app:GH-12", tag="GH-13"), "app GH-\u200b12 -> GH-\u200b13"),
    ],
)
def test_what_an_update_says(update: Update, said: str) -> None:
    digests = Digests(of={(API, "1.1.0"): NEW})
    assert list(update_trailers([update, update], digests)) == [f"Imagebot-Update: {said}"]


def test_which_tags_are_looked_up() -> None:
    assert key_of(make_update()) == (API, "1.1.0")
    assert key_of(make_update(digest=NEW)) is None
    assert key_of(make_update(reference=f"app@{OLD}", tag=None, digest=NEW)) is None


def test_names_are_on_one_line_and_said_once() -> None:
    names = ["a", "", "b\nImagebot-Plan: 0", "a"]
    assert list(name_trailers("Imagebot-Route", names)) == [
        "Imagebot-Route: a",
        "Imagebot-Route: b\\nImagebot-Plan: 0",
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"ghcr.io/acme/api 1.0.0 -> 1.1.0@{NEW}", {"ghcr.io/acme/api:1.1.0": NEW}),
        (f"nginx - -> 1.2@{NEW}", {"docker.io/library/nginx:1.2": NEW}),
        (f"app 1@{OLD} -> 2@{NEW}", {"docker.io/library/app:2": NEW}),
        (f"[\u200b::1]:5000/app 1 -> 2@{NEW}", {"[::1]:5000/app:2": NEW}),
        (f"app 1 -> GH-\u200b13@{NEW}", {"docker.io/library/app:GH-13": NEW}),
        (f"ghcr.io/acme/chart 1 -> 2.0.0+k3s1@{NEW}", {"ghcr.io/acme/chart:2.0.0+k3s1": NEW}),
        ("app 1 -> 2", {}),
        (f"app {OLD} -> {NEW}", {}),
        ("app 1 -> 2@sha256:f00", {}),
        (f"App 1 -> 2@{NEW}", {}),
        (f"app 1 2 -> 3@{NEW}", {}),
        (f"-> -> ->@{NEW}", {}),
    ],
)
def test_what_is_read_back(line: str, found: dict[str, str]) -> None:
    assert written(f"Subject\n\nImagebot-Update: {line}\n") == found
    assert written(f"Squash\r\n\r\n*  Subject\r\n\r\n   Imagebot-Update: {line}\r\nmore") == found
    assert written(f"Subject about Imagebot-Update: {line}\n") == {}


def test_the_newest_counts() -> None:
    new, old = (f"Imagebot-Update: app 1 -> 2@{digest}\n" for digest in (NEW, OLD))
    assert written("x\n", new, old) == {"docker.io/library/app:2": NEW}


def test_no_more_than_were_asked_for() -> None:
    messages = [f"Imagebot-Update: app {n} -> {n + 1}@{NEW}" for n in range(9, 0, -1)]
    assert list(written(*messages, most=2)) == [
        "docker.io/library/app:10",
        "docker.io/library/app:9",
    ]


@given(st.text(), st.text(alphabet="abc:/@->. 019[]\u200b", max_size=40))
def test_any_message_can_be_read(text: str, line: str) -> None:
    for name, digest in written(text, f"Imagebot-Update: {line}@{NEW}").items():
        assert ":" in name
        assert digest == NEW
