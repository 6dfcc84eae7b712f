"""The document of a commit is as docs/schema says, and has nothing that the schema leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagebot.nudge.commits import commits_of
from imagebot.nudge.document import commit_document
from imagebot.plan.model import Plan, PublishStatus
from tests.nudge.commits import COMMIT, COMMITTED, PASS, UPDATE, Pass, bot_with
from tests.publish.updates import make_update

SCHEMA: Mapping[str, Any] = json.loads(
    Path(__file__).parents[2].joinpath("docs/schema/nudge.schema.json").read_text("utf-8")
)
BOT = bot_with("{type: webhook, url: 'https://a.example', insecure: true}")


def test_it_is_as_the_schema_says() -> None:
    document = json.loads(commit_document(COMMIT))
    jsonschema.validate(document, SCHEMA)
    (update,) = document["updates"]
    assert document.keys() == SCHEMA["properties"].keys()
    assert update.keys() == SCHEMA["$defs"]["Update"]["properties"].keys()
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for key in document:
        assert not validator.is_valid({name: document[name] for name in document if name != key})
        assert not validator.is_valid({**document, key: object})
    for key in update:
        without = {name: update[name] for name in update if name != key}
        assert not validator.is_valid({**document, "updates": [without]})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://bot:s3cret@git.example.com/a.git", "https://git.example.com/a.git"),
        ("git@git.example.com:acme/gitops.git", "git@git.example.com:acme/gitops.git"),
    ],
)
def test_the_url_is_without_credentials(url: str, shown: str) -> None:
    assert json.loads(commit_document(replace(COMMIT, url=url)))["url"] == shown


def test_the_commits_of_a_pass() -> None:
    assert list(commits_of(BOT, PASS)) == [COMMIT]


@pytest.mark.parametrize(
    "status", ["opened", "updated", "unchanged", "waiting-for-people", "closed", "failed"]
)
def test_what_is_no_commit(status: PublishStatus) -> None:
    passed = Pass(PASS.plan, (replace(COMMITTED, status=status),))
    assert list(commits_of(BOT, passed)) == []


def test_the_updates_are_the_commit_s_own() -> None:
    digest = f"sha256:{'0' * 64}"
    mine = make_update("a.yaml", "nginx:1.0", "1.1", digest=digest)
    other = replace(UPDATE, target=replace(UPDATE.target, name="elsewhere"))
    plan = Plan(updates=(UPDATE, mine, other))
    (commit,) = commits_of(BOT, Pass(plan, (replace(COMMITTED, updates=(mine.id,)),)))
    (update,) = commit.updates
    assert (update.name, update.old) == ("docker.io/library/nginx", "nginx:1.0")
    assert (update.new, update.path) == (f"nginx:1.1@{digest}", "a.yaml")
