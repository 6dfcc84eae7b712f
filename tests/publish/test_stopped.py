"""A pass that was stopped in the middle of a pull request: the next one makes it whole."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from imagebot.forge.sandbox import SandboxForge
from imagebot.publish.marker import read_marker
from tests.publish.conftest import FILES, PRODUCTION, Bot, make_route
from tests.publish.updates import make_update
from tests.support.git_repository import BareRepository

API = make_update(PRODUCTION)
API2 = make_update(PRODUCTION, tag="1.2.0")
OPTIONS = make_route(labels=("images",), reviewers=("alice",), assignees=("bob",)).pull_request


class StoppedError(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


def stored(sandbox: SandboxForge) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((sandbox.folder / "1.json").read_text())
    return fields


def stop_at(monkeypatch: pytest.MonkeyPatch, name: str, bot: Bot, **change: Any) -> None:
    """Publish, and stop before this call of the forge."""

    def stop(*_: object, **__: object) -> None:
        raise StoppedError

    made = bot.change(*change.pop("updates", (API,)), **change)
    with monkeypatch.context() as patched:
        patched.setattr(SandboxForge, name, stop)
        with pytest.raises(StoppedError):
            bot.publish(change=made)


def test_what_was_pushed_and_not_told_is_taken_back(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag that is gone again must not stay on a branch whose text says another."""
    branch = bot.publish(API).branch
    stop_at(monkeypatch, "update", bot, updates=(API2,))
    assert b"1.2.0" in bare.read_files(branch)[PRODUCTION]
    assert "1.2.0" not in stored(sandbox)["body"]

    assert bot.publish(API).status == "updated"
    assert bare.read_files(branch) == {**FILES, PRODUCTION: b"image: ghcr.io/acme/api:1.1.0\n"}
    known = read_marker(stored(sandbox)["body"])
    assert known is not None
    assert known.pushed == bare.head(branch)
    assert bot.publish(API).status == "unchanged"


@pytest.mark.parametrize("name", ["add_labels", "request_reviewers", "assign", "update"])
def test_labels_and_reviewers_are_not_forgotten(
    name: str, bot: Bot, sandbox: SandboxForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, name, bot, options=OPTIONS)
    change = bot.change(API, options=OPTIONS)
    assert bot.publish(change=change).status == "updated"
    found = stored(sandbox)
    assert [found[key] for key in ("labels", "reviewers", "assignees")] == [
        ["images"],
        ["alice"],
        ["bob"],
    ]
    assert bot.publish(change=change).status == "unchanged"


def test_a_label_that_people_take_away_stays_away(bot: Bot, sandbox: SandboxForge) -> None:
    bot.publish(change=bot.change(API, options=OPTIONS))
    (sandbox.folder / "1.json").write_text(json.dumps({**stored(sandbox), "labels": []}))
    assert bot.publish(change=bot.change(API, options=OPTIONS)).status == "unchanged"
    assert bot.publish(change=bot.change(API2, options=OPTIONS)).status == "updated"
    assert stored(sandbox)["labels"] == []


@pytest.mark.parametrize("updates", [(API,), (API2,)])
@pytest.mark.parametrize("name", ["set_draft", "update"])
def test_what_is_gone_becomes_a_draft_all_the_same(
    name: str,
    updates: tuple[Any, ...],
    bot: Bot,
    sandbox: SandboxForge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bot.publish(API)
    for gone in (True, False):
        stop_at(monkeypatch, name, bot, updates=updates, gone=gone)
        bot.publish(change=bot.change(*updates, gone=gone))
        assert stored(sandbox)["draft"] is gone
        assert stored(sandbox)["title"].startswith("[gone") is gone


@pytest.mark.parametrize("name", ["comment", "close"])
def test_closing_is_finished(
    name: str,
    bot: Bot,
    bare: BareRepository,
    sandbox: SandboxForge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = bot.publish(API).branch
    stop_at(monkeypatch, name, bot, updates=(API,), closing="The reason.")
    change = dataclasses.replace(bot.change(API), updates=(), closing="The reason.")
    assert bot.publish(change=change).status == "closed"
    found = stored(sandbox)
    assert (found["state"], found["comments"]) == ("closed", ["The reason."])
    assert bare.head(branch) is None
