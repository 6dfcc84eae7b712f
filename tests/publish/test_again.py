"""The trailer of a veto that was lifted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from imagebot.config.model import CommitOptions
from imagebot.plan.model import Update
from imagebot.publish.again import Again, again_trailers, says_again
from imagebot.publish.changes import Change
from imagebot.publish.message import commit_message
from imagebot.publish.trailers import Digests
from imagebot.reference import parse_reference
from tests.publish.updates import make_update
from tests.support.git_repository import git

API = dataclasses.replace(make_update(), again=True)
DIGEST = "sha256:" + "a" * 64
PINNED = dataclasses.replace(
    make_update("b.yaml", f"nginx:1.0.0@sha256:{'b' * 64}", None, digest=DIGEST), again=True
)
BARE = dataclasses.replace(
    make_update("b.yaml", f"nginx@sha256:{'b' * 64}", None, digest=DIGEST), again=True
)


def message_of(*updates: Update) -> str:
    change = Change(
        target="t", base="main", branch="main", mode="commit", route="r", updates=updates
    )
    return commit_message(change, CommitOptions(), Digests())


def test_a_commit_says_so(tmp_path: Path) -> None:
    plain = make_update("c.yaml", "redis:6.0.0", "6.2.0")
    message = message_of(API, PINNED, BARE, plain, API)
    path = tmp_path / "message"
    path.write_text(message)
    trailers = git(tmp_path, "interpret-trailers", "--parse", str(path)).decode()
    assert [line for line in trailers.splitlines() if "Again" in line] == [
        "Imagebot-Again: ghcr.io/acme/api 1.1.0",
        "Imagebot-Again: nginx 1.0.0",
        f"Imagebot-Again: nginx {DIGEST}",
    ]
    assert "Imagebot-Again" not in message_of(plain)
    assert all(says_again(message, update) for update in (API, PINNED, BARE))
    assert not says_again(message, plain)


def test_a_name_that_would_forge_another_trailer() -> None:
    reference = dataclasses.replace(API.field.reference, name="a 1\nImagebot-Again: b")
    field = dataclasses.replace(API.field, reference=reference)
    assert again_trailers((dataclasses.replace(API, field=field),)) == ()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Update\n\nImagebot-Again: ghcr.io/acme/api 1.1.0\n", True),
        ("Update\r\n\r\nImagebot-Again: ghcr.io/acme/api 1.1.0\r\n", True),
        # As squashes and merges quote it.
        ("Title (#7)\n\n* Update\n\n  Imagebot-Again: ghcr.io/acme/api 1.1.0\n\n* Next\n", True),
        ("Imagebot-Again: ghcr.io/acme/api 1.1.1\n", False),
        ("Imagebot-Again: ghcr.io/acme/web 1.1.0\n", False),
        ("Imagebot-Again: ghcr.io/acme/api 1.1.0 and more\n", False),
        ("Do not write Imagebot-Again: ghcr.io/acme/api 1.1.0\n", False),
        ("", False),
    ],
)
def test_which_messages_say_so(message: str, expected: bool) -> None:
    assert says_again(message, API) is expected


@pytest.mark.parametrize(
    ("text", "update", "expected"),
    [
        ("ghcr.io/acme/api", API, True),
        ("ghcr.io/acme/api:1.1.0", API, True),
        ("ghcr.io/acme/api:1.2.0", API, False),
        ("ghcr.io/acme/web", API, False),
        ("api", API, False),
        ("nginx", PINNED, True),
        ("docker.io/library/nginx:1.0.0", PINNED, True),
        (f"nginx@{DIGEST}", PINNED, True),
        (f"nginx@sha256:{'b' * 64}", PINNED, False),
    ],
)
def test_what_is_asked_for(text: str, update: Update, expected: bool) -> None:
    assert Again(text, parse_reference(text)).covers(update) is expected
