from __future__ import annotations

import pytest

from imagebot.errors import PushRejectedError
from imagebot.publish.publishers import PUBLISHERS
from tests.publish.conftest import FILES, TEST, Bot, context_of, edit
from tests.publish.updates import make_update
from tests.support.git_repository import BareRepository

UPDATE = make_update(TEST, route="test")


def test_commits_to_the_branch(bot: Bot, bare: BareRepository) -> None:
    before = bare.head()
    published = bot.publish(UPDATE)
    assert published.status == "committed"
    assert (published.commit, published.branch) == (bare.head(), "main")
    assert (published.route, published.updates) == ("test", (UPDATE.id,))
    assert bare.read_files() == {**FILES, TEST: b"image: ghcr.io/acme/api:1.1.0\n"}
    newest, *rest = bare.log()
    assert newest.message.splitlines()[0] == "Update ghcr.io/acme/api to 1.1.0"
    assert (newest.author, newest.email) == ("imagebot", "bot@example.com")
    assert [commit.sha for commit in rest] == [before]


def test_an_equal_tree_is_never_committed(bot: Bot, bare: BareRepository) -> None:
    bot.publish(UPDATE)
    after = bare.refs()
    published = bot.publish(UPDATE)
    assert (published.status, published.commit) == ("unchanged", bare.head())
    assert bare.refs() == after


def test_two_bots_with_the_same_plan_make_one_commit(bot: Bot, bare: BareRepository) -> None:
    one, other = bot.open(), bot.open()
    other.refresh()
    assert bot.publish(UPDATE, checkout=one).status == "committed"
    change = bot.change(UPDATE)
    # It looked before the first had pushed; the same commit is no conflict.
    edits = edit(other, change.updates)
    published = PUBLISHERS["commit"](change, edits, context_of(other, None))
    assert published.commit == bare.head()
    assert len(bare.log()) == 2


def test_somebody_was_faster(bot: Bot, bare: BareRepository) -> None:
    checkout = bot.open()
    checkout.refresh()
    change = bot.change(UPDATE)
    edits = edit(checkout, change.updates)
    person = bare.commit({TEST: b"image: ghcr.io/acme/api:2.0.0\n"})
    with pytest.raises(PushRejectedError) as caught:
        PUBLISHERS["commit"](change, edits, context_of(checkout, None))
    assert caught.value.kind == "behind"
    assert bare.head() == person


def test_a_protected_branch(bot: Bot, bare: BareRepository) -> None:
    bare.protect("main")
    with pytest.raises(PushRejectedError) as caught:
        bot.publish(UPDATE)
    assert caught.value.kind == "protected"
    assert "publish: pull-request" in caught.value.hint
