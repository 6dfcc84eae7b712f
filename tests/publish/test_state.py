"""What the bot keeps in a pull request survives those who edit texts, and forges that do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.forge import connect
from imagebot.forge.model import ForgeLimits, PullRequest
from imagebot.forge.sandbox import SandboxForge
from imagebot.manifest.images.options import ScanOptions
from imagebot.plan.withheld import withheld
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.recover import read_open, recover_closed
from imagebot.publish.state import read_trailer
from tests.publish.conftest import PRODUCTION, WEB, Bot, context_of
from tests.publish.old_markers import old_marker
from tests.publish.updates import make_update
from tests.publish.world import APP, CONFIGURATION, World, configuration, make_world, pod
from tests.support.git_repository import BareRepository, git

POD = "production/pod.yaml"
MANY = 1100
API, NGINX = make_update(PRODUCTION), make_update(WEB, "nginx:1.0.0", "1.1.0")
EDITED = "Rewritten by people."


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path, {CONFIGURATION: configuration(), POD: pod("app:1.0.0")})
    assert world.statuses() == [(1, "opened")]
    return world


class Strict(SandboxForge):
    """Takes comments out of texts, and little text at all."""

    @property
    def limits(self) -> ForgeLimits:
        return ForgeLimits(title=100, body=4000, comment=1000, hides_comments=False)

    def create(self, *, branch: str, title: str, body: str, draft: bool = False) -> PullRequest:
        return super().create(branch=branch, title=title, body=stripped(body), draft=draft)

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        return super().update(number, title=title, body=stripped(body))


def stripped(body: str) -> str:
    return re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """As `world`, on a forge that does not hide comments."""
    forge = {**connect.FORGES, "sandbox": lambda *_: Strict(tmp_path / "pulls", "shop", "main")}
    monkeypatch.setattr(connect, "FORGES", forge)
    world = make_world(tmp_path, {CONFIGURATION: configuration(), POD: pod("app:1.0.0")})
    assert world.statuses() == [(1, "opened")]
    return world


def branch_of(world: World, number: int = 1) -> str:
    return str(world.pull(number)["branch"])


def codes(world: World) -> list[str]:
    return [each.code for each in withheld(world.run().plan)]


def state_of(world: World, number: int = 1) -> PullRequestMarker:
    """The state in the text, after a look that the branch's commit has the same."""
    known = read_marker(world.pull(number)["body"])
    assert known is not None
    said = read_trailer(world.bare.log(branch_of(world, number))[0].message)
    kept = dataclasses.replace(known, pushed="", notes="", people="")
    assert said == kept
    return known


def test_the_branch_has_the_same_state(world: World) -> None:
    known = state_of(world)
    assert (known.route, known.left, len(known.updates)) == ("production", 0, 1)
    argv = ("interpret-trailers", "--parse")
    message = world.bare.log(branch_of(world))[0].message
    parsed = git(world.bare.folder, *argv, stdin=message.encode()).decode()
    assert parsed.count("Imagebot-State: {") == 1


def test_a_text_that_people_rewrote_is_restored(world: World) -> None:
    before = world.pull(1)["body"]
    world.press(1, body=EDITED)
    assert world.statuses() == [(1, "updated")]
    assert world.pull(1)["body"] == before
    assert world.statuses() == [(1, "unchanged")]


def test_a_text_that_people_rewrote_is_closed_for_the_true_reason(world: World) -> None:
    """Only the branch says whose it is, and what it proposes."""
    world.press(1, body=EDITED)
    world.bare.commit({POD: pod("app:1.1.0")})
    assert world.statuses() == [(1, "closed")]
    known = read_marker(world.pull(1)["body"])
    assert known is not None
    assert known.retired


def test_what_is_undecided_stays_in_a_text_that_people_rewrote(world: World) -> None:
    world.press(1, body=EDITED)
    world.tags[APP] = ()
    world.run()
    pull = world.pull(1)
    assert pull["state"] == "open"
    assert pull["title"].startswith("[gone from registry]")
    assert "does not list 1.0.0 or 1.1.0 any more" in pull["body"]


def test_closing_refuses_also_where_the_text_was_rewritten(world: World) -> None:
    world.press(1, body=EDITED, state="closed")
    assert codes(world) == ["refused"]
    assert world.open() == []


@pytest.mark.parametrize("edited", [False, True])
def test_a_route_that_ends_is_told_once(tmp_path: Path, edited: bool) -> None:
    world = make_world(tmp_path, {POD: pod("app:1.0.0")})
    world.inline = configuration().decode()
    world.run()
    world.inline = configuration(route="other", files="elsewhere/**").decode()
    tree = world.bare.read_files(branch_of(world))
    world.run(wait=timedelta(minutes=5))
    assert state_of(world).ending_since > 0
    assert world.bare.read_files(branch_of(world)) == tree
    if edited:
        world.press(1, body=EDITED)
    world.run(wait=timedelta(minutes=5))
    assert world.open() == [1]
    assert state_of(world).ending_since > 0
    if edited:
        world.press(1, body=EDITED)
    assert world.statuses(world.run(wait=timedelta(minutes=5))) == [(1, "closed")]


def by_person(world: World) -> None:
    """Somebody commits to the branch."""
    branch = branch_of(world)
    world.bare.commit({POD: pod("app:1.0.5")}, branch=branch, author="Ann", email="ann@example.com")


def test_people_are_told_once_also_where_they_rewrote_the_text(world: World) -> None:
    by_person(world)
    assert world.statuses() == [(1, "waiting-for-people")]
    for _ in range(2):
        world.press(1, body=EDITED)
        assert world.statuses() == [(1, "waiting-for-people")]
    assert len(world.pull(1)["comments"]) == 1


def test_a_forge_that_does_not_hide_comments(strict: World) -> None:
    """The marker is shown, and nothing is lost: a second pass does nothing."""
    state_of(strict)
    assert "\n`imagebot:2 {" in strict.pull(1)["body"]
    assert strict.statuses() == [(1, "unchanged")]
    strict.tags[APP] = ("1.0.0", "1.2.0")
    assert strict.statuses() == [(1, "updated")]
    assert strict.statuses() == [(1, "unchanged")]
    state_of(strict)
    by_person(strict)
    for _ in range(2):
        assert strict.statuses() == [(1, "waiting-for-people")]
    assert len(strict.pull(1)["comments"]) == 1
    strict.press(1, labels=["imagebot-rebuild"])
    assert strict.statuses() == [(1, "updated")]
    strict.press(1, state="closed")
    assert codes(strict) == ["refused"]


def test_a_closing_by_the_bot_refuses_nothing_there(strict: World) -> None:
    strict.bare.commit({POD: pod("app:1.1.0")})
    assert strict.statuses() == [(1, "closed")]
    strict.bare.commit({POD: pod("app:1.0.0")}, message="Another start")
    assert strict.statuses() == [(2, "opened")]


@pytest.fixture
def large(tmp_path: Path) -> World:
    """One pull request with more updates than its marker, or its table, can have."""
    names = [f"r.example/app{number}" for number in range(MANY)]
    files = {
        f"production/{at}.yaml": pod(*(f"{name}:1.0.0" for name in names[at : at + 100]))
        for at in range(0, MANY, 100)
    }
    world = make_world(tmp_path, {CONFIGURATION: configuration(), **files})
    world.tags |= dict.fromkeys(names, ("1.0.0", "1.1.0"))
    assert world.statuses() == [(1, "opened")]
    return world


def test_a_large_pull_request(large: World) -> None:
    known = read_marker(large.pull(1)["body"])
    said = read_trailer(large.bare.log(branch_of(large))[0].message)
    assert known is not None
    assert said is not None
    assert (len(known.updates), known.left, len(said.updates)) == (100, MANY - 100, MANY)
    assert large.statuses() == [(1, "unchanged")]
    # One more is added to it; nothing of it counts as new.
    large.tags["r.example/app1050"] = ("1.0.0", "1.2.0")
    assert large.statuses() == [(1, "updated")]
    large.press(1, state="closed")
    large.tags["r.example/app1051"] = ("1.0.0", "1.2.0")
    assert large.statuses() == [(2, "opened")]
    fresh = read_marker(large.pull(2)["body"])
    assert fresh is not None
    assert len(fresh.updates) == 1


def opened(bot: Bot, sandbox: SandboxForge) -> PullRequest:
    published = bot.publish(API, NGINX)
    found = sandbox.find(published.branch)
    assert found is not None
    return dataclasses.replace(found, head=published.commit)


Recover = Callable[[PullRequest], PullRequestMarker | None]


@pytest.fixture
def recover(bot: Bot) -> Recover:
    """As a bot with an empty cache does for one that is closed."""

    def work(request: PullRequest) -> PullRequestMarker | None:
        checkout = bot.open()
        checkout.refresh()
        closed = dataclasses.replace(request, state="closed")
        assert recover_closed(closed, checkout, ScanOptions(), fetch=False) is None
        return recover_closed(closed, checkout, ScanOptions(), fetch=True)

    return work


def test_a_closed_one_whose_branch_is_gone(
    bot: Bot, sandbox: SandboxForge, bare: BareRepository, recover: Recover
) -> None:
    request = opened(bot, sandbox)
    known = read_marker(request.body)
    git(bare.folder, "update-ref", "-d", f"refs/heads/{request.branch}")
    assert recover(dataclasses.replace(request, body=EDITED)) == known
    # Nobody is asked for what a text says.
    assert recover(request) is None
    for head in ("", "0" * 40, "--upload-pack=touch x"):
        assert recover(dataclasses.replace(request, body=EDITED, head=head)) is None


def test_ids_come_from_the_diff_where_the_trailer_has_none(
    bot: Bot, sandbox: SandboxForge, bare: BareRepository
) -> None:
    """A commit of an older version, whose marker had no room for all of the ids."""
    request = opened(bot, sandbox)
    known = read_marker(request.body)
    assert known is not None
    folder = bare.folder
    message = "Update\n\nImagebot-Plan: x\n"
    argv = ("commit-tree", f"{request.head}^{{tree}}", "-p", f"{request.head}^", "-m", message)
    made = git(folder, *argv, env=BY_BOT).decode().strip()
    bare.move(request.branch, made)
    cut = old_marker(known, updates=" ".join(known.updates * 500), pushed=made)
    sandbox.update(request.number, title="T", body=f"text\n\n{cut}\n")
    checkout = bot.open()
    checkout.refresh()
    context_of(checkout, sandbox)
    requests = read_open(sandbox, checkout, ScanOptions())
    state = requests.state(requests.open[0])
    assert state is not None
    assert (len(state.updates), state.left, state.pushed) == (2, 0, made)


def test_what_nobody_can_read_is_left(
    bot: Bot, sandbox: SandboxForge, bare: BareRepository
) -> None:
    """A branch of people with the bot's kind of name; and one that is gone."""
    for name in ("imagebot/theirs", "imagebot/gone"):
        bare.commit({"README.md": name.encode()}, branch=name)
        sandbox.create(branch=name, title="T", body=EDITED)
    git(bare.folder, "update-ref", "-d", "refs/heads/imagebot/gone")
    checkout = bot.open()
    checkout.refresh()
    context_of(checkout, sandbox)
    assert read_open(sandbox, checkout, ScanOptions()).recovered == {}


def test_a_squash_buries_the_trailers(world: World) -> None:
    """The state of a merged pull request in the base's history concerns nobody."""
    message = world.bare.log(branch_of(world))[0].message
    buried = "Update (#1)\n\n" + "".join(f"* {line}\n" for line in message.splitlines())
    world.bare.commit({POD: pod("app:1.1.0")}, message=f"{buried}\n---------\n\nBy: somebody\n")
    world.press(1, state="merged")
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(2, "opened")]
    assert state_of(world, 2).route == "production"


BY_BOT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "imagebot"), ("EMAIL", "bot@example.com"))
}
