from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from imagebot.errors import ForgeError, PushRejectedError
from imagebot.forge.sandbox import SandboxForge
from imagebot.publish.marker import read_marker
from imagebot.publish.publishers import PUBLISHERS
from tests.publish.conftest import (
    BOT,
    FILES,
    PRODUCTION,
    WEB,
    WHEN,
    Bot,
    context_of,
    edit,
    make_route,
)
from tests.publish.updates import make_update
from tests.support.git_repository import BareRepository, git

API = make_update(PRODUCTION)
API2 = make_update(PRODUCTION, tag="1.2.0")
NGINX = make_update(WEB, "nginx:1.0.0", "1.1.0")
BRANCH = "imagebot/production-all-e530d2b8"


def stored(sandbox: SandboxForge, number: int = 1) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((sandbox.folder / f"{number}.json").read_text())
    return fields


def press(sandbox: SandboxForge, state: str, number: int = 1) -> None:
    """What people do with a button."""
    fields = stored(sandbox, number)
    (sandbox.folder / f"{number}.json").write_text(json.dumps({**fields, "state": state}))


def count(sandbox: SandboxForge) -> int:
    return len(list(sandbox.folder.glob("*.json")))


def test_opened(bot: Bot, bare: BareRepository, sandbox: SandboxForge) -> None:
    main = bare.head()
    published = bot.publish(API, NGINX)
    assert (published.status, published.number, published.branch) == ("opened", 1, BRANCH)
    assert published.url == (sandbox.folder / "1.json").as_uri()
    assert published.commit == bare.head(BRANCH)
    assert (published.route, published.updates) == ("production", (API.id, NGINX.id))
    assert bare.head() == main
    assert bare.read_files(BRANCH) == {
        **FILES,
        PRODUCTION: b"image: ghcr.io/acme/api:1.1.0\n",
        WEB: b"image: nginx:1.1.0\n",
    }
    assert [commit.sha for commit in bare.log(BRANCH)][1:] == [main]
    pull = stored(sandbox)
    assert (pull["state"], pull["branch"], pull["base"]) == ("open", BRANCH, "main")
    assert pull["title"] == "Update api and nginx to 1.1.0 (production)"
    marker = read_marker(pull["body"])
    assert marker is not None
    assert (marker.route, marker.pushed, marker.updates) == (
        "production", bare.head(BRANCH), (API.id, NGINX.id),
    )  # fmt: skip


def test_a_second_pass_changes_nothing(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    first = bot.publish(API)
    refs, pull = bare.refs(), stored(sandbox)
    bot.when = WHEN.replace(year=2027)
    again = bot.publish(API)
    assert again == dataclasses.replace(first, status="unchanged")
    assert (bare.refs(), stored(sandbox), count(sandbox)) == (refs, pull, 1)


def test_another_plan_is_put_in_place(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.publish(API)
    updated = bot.publish(API2, NGINX)
    assert (updated.status, updated.number) == ("updated", 1)
    assert updated.commit == bare.head(BRANCH)
    assert bare.read_files(BRANCH)[PRODUCTION] == b"image: ghcr.io/acme/api:1.2.0\n"
    assert bare.read_files(BRANCH)[WEB] == b"image: nginx:1.1.0\n"
    assert [commit.sha for commit in bare.log(BRANCH)][1:] == [bare.head()]
    assert count(sandbox) == 1
    assert "1.2.0" in stored(sandbox)["body"]
    assert bot.publish(API2, NGINX).status == "unchanged"


def test_another_plan_from_the_same_cache(bot: Bot, bare: BareRepository) -> None:
    """The branch's commit is known there, and has the same parent as the new one."""
    checkout = bot.open()
    bot.publish(API, checkout=checkout)
    updated = bot.publish(API2, checkout=checkout)
    assert (updated.status, updated.commit) == ("updated", bare.head(BRANCH))
    assert bare.read_files(BRANCH)[PRODUCTION] == b"image: ghcr.io/acme/api:1.2.0\n"


def test_a_branch_is_made_anew_on_a_head_with_the_same_files(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    checkout = bot.open()
    bot.publish(API, checkout=checkout)
    moved = bare.commit({}, message="Nothing but a message")
    fields = {**stored(sandbox), "body": "Rewritten by people."}
    (sandbox.folder / "1.json").write_text(json.dumps(fields))
    assert bot.publish(API, checkout=checkout).status == "updated"
    assert [commit.sha for commit in bare.log(BRANCH)][1] == moved


def test_a_bot_with_another_address_knows_what_it_pushed(bot: Bot, bare: BareRepository) -> None:
    """The marker names the commit; addresses only count where it does not."""
    bot.publish(API)
    checkout = bot.open()
    checkout.refresh()
    change = bot.change(API2)
    context = context_of(checkout, bot.forge, email="another-bot@example.com")
    edits = edit(checkout, change.updates)
    published = PUBLISHERS["pull-request"](change, edits, context)
    assert (published.status, published.commit) == ("updated", bare.head(BRANCH))


def test_a_base_that_moved_elsewhere_does_not_matter(bot: Bot, bare: BareRepository) -> None:
    before = bot.publish(API).commit
    bare.commit({"README.md": b"moved\n"})
    assert bot.publish(API).status == "unchanged"
    assert bare.head(BRANCH) == before


def test_a_base_that_moved_in_a_file_of_it_does(bot: Bot, bare: BareRepository) -> None:
    bot.publish(API)
    moved = bare.commit({PRODUCTION: b"# a comment\nimage: ghcr.io/acme/api:1.0.0\n"})
    published = bot.publish(API)
    assert published.status == "updated"
    assert bare.read_files(BRANCH)[PRODUCTION] == b"# a comment\nimage: ghcr.io/acme/api:1.1.0\n"
    assert [commit.sha for commit in bare.log(BRANCH)][1] == moved


@pytest.mark.parametrize("person", ["AUTHOR", "COMMITTER"])
def test_an_author_and_a_committer_both_count(person: str, bot: Bot, bare: BareRepository) -> None:
    """People amend the bot's commit, or apply what it wrote elsewhere."""
    bot.publish(API)
    addresses = {f"GIT_{who}_EMAIL": BOT.author_email for who in ("AUTHOR", "COMMITTER")}
    addresses[f"GIT_{person}_EMAIL"] = "alice@example.com"
    argv = ("commit-tree", f"{BRANCH}^{{tree}}", "-p", BRANCH, "-m", "Amended")
    made = git(bare.folder, *argv, env=addresses).decode().strip()
    bare.move(BRANCH, made)
    assert bot.publish(API2).status == "waiting-for-people"
    assert bare.head(BRANCH) == made


def test_nobody_is_looked_up_where_nothing_is_to_be_done(
    bot: Bot, bare: BareRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That may take a fetch, and a branch that is as the bot left it must not fail for it."""
    bot.publish(API)
    checkout = bot.open()
    monkeypatch.setattr(checkout, "authors", None)
    assert bot.publish(API, checkout=checkout).status == "unchanged"


def test_a_branch_that_people_made_is_not_overwritten(bot: Bot, bare: BareRepository) -> None:
    person = bare.commit({"README.md": b"by hand\n"}, branch=BRANCH)
    assert bot.publish(API).status == "waiting-for-people"
    assert bare.head(BRANCH) == person


def test_a_push_in_the_meantime_is_not_overwritten(bot: Bot, bare: BareRepository) -> None:
    bot.publish(API)
    checkout = bot.open()
    checkout.refresh()
    change = bot.change(API2)
    edits = edit(checkout, change.updates)
    person = bare.commit({"README.md": b"by hand\n"}, branch=BRANCH)
    with pytest.raises(PushRejectedError) as caught:
        PUBLISHERS["pull-request"](change, edits, context_of(checkout, bot.forge))
    assert caught.value.kind == "lease"
    assert bare.head(BRANCH) == person


def test_what_people_closed_stays_closed(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.publish(API)
    press(sandbox, "closed")
    refs = bare.refs()
    again = bot.publish(API)
    assert (again.status, again.number) == ("unchanged", 1)
    assert (bare.refs(), count(sandbox)) == (refs, 1)
    moved = dataclasses.replace(API, field=dataclasses.replace(API.field, line=9, document=3))
    assert bot.publish(moved).status == "unchanged"
    newer = bot.publish(API2)
    assert (newer.status, newer.number) == ("opened", 2)
    assert bot.publish(API2).number == 2


def test_after_a_merge_the_next_plan_opens_another(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.publish(API)
    # A squash merge: the branch's own commit never comes to main.
    bare.commit({PRODUCTION: b"image: ghcr.io/acme/api:1.1.0\n"})
    press(sandbox, "merged")
    update = make_update(PRODUCTION, "ghcr.io/acme/api:1.1.0", "1.2.0")
    published = bot.publish(update)
    assert (published.status, published.number) == ("opened", 2)
    assert bare.read_files(BRANCH)[PRODUCTION] == b"image: ghcr.io/acme/api:1.2.0\n"


def test_a_merged_plan_that_comes_back_is_proposed_again(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    """Merged and reverted is not the same as refused."""
    bot.publish(API)
    press(sandbox, "merged")
    assert bot.publish(API).number == 2


def test_stopped_between_push_and_pull_request(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.forge = Refusing(sandbox.folder, sandbox.project, sandbox.base)
    with pytest.raises(ForgeError, match="stopped"):
        bot.publish(API)
    pushed = bare.head(BRANCH)
    assert pushed is not None
    bot.forge = sandbox
    bot.when = WHEN.replace(year=2027)
    published = bot.publish(API)
    assert (published.status, published.commit) == ("opened", pushed)
    assert bare.head(BRANCH) == pushed


def test_stopped_between_push_and_edit(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.publish(API)
    bot.forge = Refusing(sandbox.folder, sandbox.project, sandbox.base)
    with pytest.raises(ForgeError, match="stopped"):
        bot.publish(API2)
    pushed = bare.head(BRANCH)
    bot.forge = sandbox
    published = bot.publish(API2)
    assert (published.status, published.commit, published.number) == ("updated", pushed, 1)
    assert bot.publish(API2).status == "unchanged"


class Refusing(SandboxForge):
    """Fails where something is to be written."""

    def create(self, **_: Any) -> Any:
        raise ForgeError(self.project, "stopped")

    def update(self, number: int, **_: Any) -> Any:
        raise ForgeError(self.project, "stopped")


def test_a_damaged_marker_is_mended(bot: Bot, sandbox: SandboxForge) -> None:
    bot.publish(API)
    fields = {**stored(sandbox), "body": "Rewritten by people."}
    (sandbox.folder / "1.json").write_text(json.dumps(fields))
    assert bot.publish(API).status == "updated"
    assert bot.publish(API).status == "unchanged"
    assert read_marker(stored(sandbox)["body"]) is not None


def test_a_branch_that_was_deleted_is_pushed_again(bot: Bot, bare: BareRepository) -> None:
    pushed = bot.publish(API).commit
    checkout = bot.open()
    checkout.refresh()
    checkout.delete_branch(BRANCH, lease=pushed)
    assert bot.publish(API).status == "updated"
    assert bare.head(BRANCH) is not None


def test_a_reason_closes_it(bot: Bot, bare: BareRepository, sandbox: SandboxForge) -> None:
    bot.publish(API)
    change = dataclasses.replace(bot.change(API), updates=(), closing="The reason.")
    published = bot.publish(change=change)
    assert (published.status, published.number) == ("closed", 1)
    pull = stored(sandbox)
    assert (pull["state"], pull["comments"]) == ("closed", ["The reason."])
    assert bare.head(BRANCH) is None
    assert bot.publish(change=change).status == "unchanged"
    # The bot closed it, not people: should the plan come back, so does the pull request.
    assert bot.publish(API).number == 2


def test_nothing_closes_it_without_a_reason(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    bot.publish(API)
    pull = stored(sandbox)
    change = dataclasses.replace(bot.change(API), updates=())
    assert bot.publish(change=change).status == "unchanged"
    assert stored(sandbox) == pull


def test_notes_are_at_the_top_of_the_text(
    bot: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    notes = ("web waits until 2026-02-01", "**bold** <!-- no --> @alice #1")
    bot.publish(change=bot.change(API, notes=notes))
    body = stored(sandbox)["body"]
    assert body.startswith("> - web waits until 2026-02-01\n> - ")
    assert "<!-- no" not in body
    head = bare.head(BRANCH)
    assert bot.publish(change=bot.change(API, notes=notes)).status == "unchanged"
    # Other notes are an edit of the text, and no push.
    bare.commit({"README.md": b"moved\n"})
    assert bot.publish(change=bot.change(API, notes=notes[:1])).status == "updated"
    assert "alice" not in stored(sandbox)["body"]
    assert bot.publish(API).status == "updated"
    assert stored(sandbox)["body"].startswith("imagebot proposes")
    assert bare.head(BRANCH) == head


def test_many_notes_are_cut(bot: Bot, sandbox: SandboxForge) -> None:
    notes = tuple(f"note {number} " + "é" * 300 for number in range(100))
    bot.publish(change=bot.change(API, notes=notes))
    body = stored(sandbox)["body"]
    assert body.count("> - ") == 21
    assert "> - and 80 more\n" in body
    assert read_marker(body) is not None
    assert len(body.encode()) < 65_536


def test_labels_and_reviewers(bot: Bot, sandbox: SandboxForge) -> None:
    options = make_route(
        labels=("images", "bot"), reviewers=("acme/sre", "alice"), assignees=("bob",), draft=True
    ).pull_request
    bot.publish(change=bot.change(API, options=options))
    pull = stored(sandbox)
    assert (pull["labels"], pull["reviewers"]) == (["images", "bot"], ["acme/sre", "alice"])
    assert (pull["assignees"], pull["draft"]) == (["bob"], True)


def test_labels_that_are_refused_are_no_failure(
    bot: Bot, sandbox: SandboxForge, caplog: pytest.LogCaptureFixture
) -> None:
    class NoLabels(SandboxForge):
        def add_labels(self, number: int, labels: Any) -> None:
            raise ForgeError(self.project, "no labels here")

    bot.forge = NoLabels(sandbox.folder, sandbox.project, sandbox.base)
    options = make_route(labels=("images",), reviewers=("alice",)).pull_request
    assert bot.publish(change=bot.change(API, options=options)).status == "opened"
    assert "no labels here" in caplog.text
    assert stored(sandbox)["reviewers"] == ["alice"]


def test_without_a_forge(bot: Bot) -> None:
    bot.forge = None
    with pytest.raises(ForgeError, match="has no forge") as caught:
        bot.publish(API)
    assert caught.value.hint


def test_two_bots_at_once(bot: Bot, sandbox: SandboxForge) -> None:
    """Both have looked before either has pushed: one branch, one pull request, one loser."""
    late = bot.open()
    late.refresh()
    change = bot.change(API)
    edits = edit(late, change.updates)
    context = context_of(late, sandbox, when=WHEN.replace(year=2027))
    assert bot.publish(API).status == "opened"
    with pytest.raises(PushRejectedError):
        PUBLISHERS["pull-request"](bot.change(API2), edits, context)
    late.refresh()
    again = PUBLISHERS["pull-request"](change, edits, context)
    assert again.status == "unchanged"
    assert count(sandbox) == 1
