"""docs/publishing.md and docs/security.md say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot import errors
from imagebot.config.load import load_configuration
from imagebot.forge.connect import FORGES
from imagebot.publish.text import branch_name, commit_message
from tests.publish.updates import make_update

ROOT = Path(__file__).parent.parent.parent
PUBLISHING = (ROOT / "docs" / "publishing.md").read_text("utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PUBLISHING, re.MULTILINE | re.DOTALL)


def test_the_configuration_loads() -> None:
    (block,) = blocks("yaml")
    (route,) = load_configuration(block, "imagebot.yaml", trusted=False).routes
    assert (route.name, route.pull_request.group) == ("production", "repository")


def test_the_commit_message_is_one() -> None:
    updates = (
        make_update(
            "clusters/test/api.yaml", "ghcr.io/acme/api:1.4.1", "1.4.2", update_type="patch"
        ),
        make_update("clusters/test/web.yaml", "nginx:1.27.3", "1.29.0"),
    )
    assert blocks("text") == [commit_message(updates)]


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
