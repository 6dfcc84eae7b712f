"""Commits and pull requests on Git over HTTP and an emulated GitHub, as in production."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.forge.github import GitHubForge
from imagebot.publish.comments import HAND_BACK
from tests.publish.conftest import (
    FILES,
    PRODUCTION,
    TEST,
    Bot,
    make_route,
)
from tests.publish.updates import make_update
from tests.support.github import Forge as Emulated

NAME = "acme/gitops"
API = make_update(PRODUCTION)
API2 = make_update(PRODUCTION, tag="1.2.0")
BRANCH = "imagebot/production-all-e530d2b8"


@pytest.fixture
def hub(forge: Emulated, make_bot: Callable[..., Bot]) -> Bot:
    url = forge.make_repository(NAME, FILES)
    api = GitHubForge(NAME, "main", forge.bot_token, api_url=forge.api_url, write_pause=0.0)
    return make_bot(url, api, forge.bot_token)


def test_the_life_of_a_pull_request(hub: Bot, forge: Emulated) -> None:
    options = make_route(labels=("images",), reviewers=("alice",)).pull_request
    opened = hub.publish(change=hub.change(API, options=options))
    assert opened.status == "opened"
    (pull,) = forge.pull_requests(NAME)
    assert (pull["number"], pull["html_url"]) == (opened.number, opened.url)
    assert (pull["head"]["ref"], pull["head"]["sha"]) == (BRANCH, opened.commit)
    assert pull["title"] == "Update ghcr.io/acme/api to 1.1.0 (production)"
    assert forge.labels(NAME, opened.number) == ["images"]

    assert hub.publish(API).status == "unchanged"
    assert forge.pull_requests(NAME) == [pull]

    updated = hub.publish(API2)
    assert (updated.status, updated.number) == ("updated", opened.number)
    (pull,) = forge.pull_requests(NAME)
    assert pull["head"]["sha"] == updated.commit == forge.git.repository(NAME).head(BRANCH)
    assert "1.2.0" in pull["body"]

    forge.merge(NAME, updated.number)
    assert forge.git.read_files(NAME)[PRODUCTION] == b"image: ghcr.io/acme/api:1.2.0\n"
    newer = make_update(PRODUCTION, "ghcr.io/acme/api:1.2.0", "1.3.0")
    second = hub.publish(newer)
    assert (second.status, second.number) == ("opened", updated.number + 1)


PERSON = "alice@example.com"


def test_a_merged_branch_that_was_left_over_is_used_again(hub: Bot, forge: Emulated) -> None:
    """People added a commit, squashed it all, and left the branch: nobody works on it now."""
    repository = forge.git.repository(NAME)
    base = str(repository.head())
    first = hub.publish(API)
    left = forge.commit(NAME, {"README.md": b"by hand\n"}, branch=BRANCH, email=PERSON)
    forge.merge(NAME, first.number)
    merged = repository.read_files()
    repository.move("main", base)
    forge.commit(NAME, {**merged})
    assert repository.head(BRANCH) == left
    assert left not in {commit.sha for commit in repository.log()}
    newer = make_update(PRODUCTION, "ghcr.io/acme/api:1.1.0", "1.2.0")
    second = hub.publish(newer)
    assert (second.status, second.number) == ("opened", first.number + 1)
    assert repository.read_files(BRANCH)[PRODUCTION] == b"image: ghcr.io/acme/api:1.2.0\n"
    assert [commit.sha for commit in repository.log(BRANCH)][:2] == [
        second.commit,
        repository.head(),
    ]


def test_a_branch_that_grew_after_its_merge_is_not_overwritten(hub: Bot, forge: Emulated) -> None:
    first = hub.publish(API)
    forge.merge(NAME, first.number)
    person = forge.commit(NAME, {"README.md": b"by hand\n"}, branch=BRANCH, email=PERSON)
    newer = make_update(PRODUCTION, "ghcr.io/acme/api:1.1.0", "1.2.0")
    assert hub.publish(newer).status == "waiting-for-people"
    assert forge.git.repository(NAME).head(BRANCH) == person
    assert forge.pull_requests(NAME) == []


def test_a_closed_branch_with_work_of_people_is_not_overwritten(hub: Bot, forge: Emulated) -> None:
    first = hub.publish(API)
    person = forge.commit(NAME, {"README.md": b"by hand\n"}, branch=BRANCH, email=PERSON)
    forge.close(NAME, first.number)
    assert hub.publish(API2).status == "waiting-for-people"
    assert forge.git.repository(NAME).head(BRANCH) == person
    assert forge.pull_requests(NAME) == []


def test_what_people_closed_stays_closed(hub: Bot, forge: Emulated) -> None:
    number = hub.publish(API).number
    forge.close(NAME, number)
    again = hub.publish(API)
    assert (again.status, again.number) == ("unchanged", number)
    assert forge.pull_requests(NAME) == []
    assert hub.publish(API2).status == "opened"


def test_a_reason_closes_it(hub: Bot, forge: Emulated) -> None:
    number = hub.publish(API).number
    change = dataclasses.replace(hub.change(API), updates=(), closing="The reason.")
    assert hub.publish(change=change).status == "closed"
    assert forge.pull_requests(NAME) == []
    assert forge.comments(NAME, number) == ["The reason."]
    assert forge.git.repository(NAME).head(BRANCH) is None
    assert hub.publish(API).number == number + 1


def test_a_label_gives_a_branch_back(hub: Bot, forge: Emulated) -> None:
    number = hub.publish(API).number
    forge.commit(NAME, {"README.md": b"by hand\n"}, branch=BRANCH, email=PERSON)
    assert hub.publish(API).status == "waiting-for-people"
    body = {"labels": [HAND_BACK]}
    forge.api("POST", f"/repos/{NAME}/issues/{number}/labels", body)
    assert hub.publish(API).status == "updated"
    assert forge.labels(NAME, number) == []
    assert len(forge.comments(NAME, number)) == 1
    assert hub.publish(API).status == "unchanged"


def test_what_is_gone_is_a_draft(hub: Bot, forge: Emulated) -> None:
    hub.publish(API)
    for gone in (True, False):
        assert hub.publish(change=hub.change(API, gone=gone)).status == "updated"
        (pull,) = forge.pull_requests(NAME)
        assert pull["title"].startswith("[gone from registry] Update") is pull["draft"] is gone
        assert hub.publish(change=hub.change(API, gone=gone)).status == "unchanged"


def test_a_title_says_that_a_tag_is_gone_also_without_drafts(
    hub: Bot, forge: Emulated, caplog: pytest.LogCaptureFixture
) -> None:
    hub.publish(API)
    forge.api("PATCH", f"/repos/{NAME}", {"private": True})
    assert hub.publish(change=hub.change(API, gone=True)).status == "updated"
    (pull,) = forge.pull_requests(NAME)
    assert pull["title"].startswith("[gone from registry] Update")
    assert not pull["draft"]
    assert "could not make pull request" in caplog.text
    assert hub.publish(change=hub.change(API, gone=True)).status == "unchanged"


def test_commits_go_to_the_branch(hub: Bot, forge: Emulated) -> None:
    published = hub.publish(make_update(TEST, route="test"))
    assert published.commit == forge.git.repository(NAME).head()
    branch = forge.api("GET", f"/repos/{NAME}/branches/main")
    assert branch["commit"]["sha"] == published.commit


def test_the_token_is_nowhere_to_be_seen(
    hub: Bot, forge: Emulated, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    number = hub.publish(API).number
    hub.publish(make_update(TEST, route="test"))
    shown = json.dumps(forge.pull_requests(NAME)) + repr(forge.git.log(NAME, BRANCH))
    stored = b"".join(
        path.read_bytes()
        for cache in tmp_path.glob("cache-*")
        for path in cache.rglob("*")
        if path.is_file()
    )
    assert number > 0
    assert len(stored) > 1000
    assert "GET http://127.0.0.1" in caplog.text
    for text in (shown, caplog.text, stored.decode("latin-1"), repr(hub)):
        assert forge.bot_token not in text
