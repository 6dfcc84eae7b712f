"""docs/publishing.md and docs/security.md say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot import errors
from imagebot.config.load import load_configuration
from imagebot.config.model import CommitOptions
from imagebot.forge.connect import FORGES
from imagebot.publish.changes import Change
from imagebot.publish.message import commit_message
from imagebot.publish.text import branch_name
from imagebot.publish.trailers import Digests, key_of
from tests.publish.updates import make_update

ROOT = Path(__file__).parent.parent.parent
PUBLISHING = (ROOT / "docs" / "publishing.md").read_text("utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")


DIGEST = "sha256:" + "9f86d081884c7d65" * 4


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PUBLISHING, re.MULTILINE | re.DOTALL)


def test_the_configuration_loads() -> None:
    (block,) = blocks("yaml")
    (route,) = load_configuration(block, "imagebot.yaml", trusted=False).routes
    assert (route.name, route.pull_request.group) == ("production", "repository")


def test_the_commit_message_is_one() -> None:
    updates = (
        make_update(
            "clusters/test/api.yaml",
            "ghcr.io/acme/api:1.4.1",
            "1.4.2",
            update_type="patch",
            reason="the newest of 12 that ^1.4 allows",
            route="test",
        ),
        make_update(
            "clusters/test/web.yaml",
            "nginx:1.27.3",
            "1.29.0",
            reason="the newest of 231",
            route="test",
        ),
    )
    digests = {key: DIGEST for update in updates if (key := key_of(update))}
    change = Change(
        target="t", base="main", branch="main", mode="commit", route="test", updates=updates
    )
    assert blocks("text") == [commit_message(change, CommitOptions(), Digests(of=digests))]


def test_the_branch_is_one() -> None:
    name = branch_name(base="main", route="production", group="ghcr.io/acme/api")
    assert f"`{name}`" in PUBLISHING


@pytest.mark.parametrize("kind", FORGES)
def test_every_forge_is_told_of(kind: str) -> None:
    assert f"| `{kind}` |" in PUBLISHING


@pytest.mark.parametrize(
    "error",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, (errors.GitError, errors.ForgeError))
    ],
)
def test_every_code_is_told_of(error: type[errors.ImagebotError]) -> None:
    assert f"`{error.code}`" in PUBLISHING


def test_what_is_said_to_be_proved_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", SECURITY)
    assert len(named) > 5
    for path in named:
        assert (ROOT / path).exists(), path
