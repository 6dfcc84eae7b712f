"""What people refused by closing stays refused wherever its field is published now."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import ForgeError
from imagebot.forge.sandbox import SandboxForge
from imagebot.publish import recover
from tests.publish.world import APP, CONFIGURATION, WEB, World, configuration, make_world, pod

POD = "production/pod.yaml"
COMMITS = b"""\
policies: {stable: {semver: ^1}}
routes:
  - name: ROUTE
    files: [production/**]
    publish: commit
    images: [{match: '**', policy: stable}]
"""
MIXED = (
    COMMITS
    + b"""\
  - name: others
    files: [others/**]
    publish: pull-request
    images: [{match: '**', policy: stable}]
"""
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One image that people refused, and one that has nothing newer yet."""
    files = {CONFIGURATION: configuration(), POD: pod("app:1.0.0", "web:1.0.0")}
    made = make_world(tmp_path, files)
    made.tags[WEB] = ("1.0.0",)
    assert made.statuses() == [(1, "opened")]
    made.press(1, state="closed")
    assert made.statuses() == []
    return made


def commits(world: World, text: bytes = COMMITS, *, route: str = "production") -> None:
    world.bare.commit({CONFIGURATION: text.replace(b"ROUTE", route.encode())})


def withheld(world: World) -> list[str]:
    return [each.decision.code for each in world.run().plan.kept if each.decision.reason]


@pytest.mark.parametrize("text", [COMMITS, MIXED], ids=["alone", "mixed"])
@pytest.mark.parametrize("route", ["production", "live"])
def test_a_route_that_commits_now_does_not_commit_it(world: World, text: bytes, route: str) -> None:
    commits(world, text, route=route)
    head = world.bare.head()
    assert "refused" in withheld(world)
    assert world.bare.head() == head
    world.tags[WEB] = ("1.0.0", "1.1.0")
    assert world.statuses() == [(0, "committed")]
    assert world.bare.read_files()[POD] == pod("app:1.0.0", "web:1.1.0")
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(0, "committed")]
    assert world.bare.read_files()[POD] == pod("app:1.2.0", "web:1.1.0")


def test_it_is_committed_when_somebody_wants_it_again(world: World) -> None:
    commits(world)
    world.press(1, state="open")
    assert world.statuses() == [(0, "committed"), (1, "closed")]
    assert world.bare.read_files()[POD] == pod("app:1.1.0", "web:1.0.0")


@pytest.mark.parametrize("ends", ["closed", "reverted"])
def test_a_newer_one_that_nobody_wants_closes_nothing(tmp_path: Path, ends: str) -> None:
    """It was gone from the registry, and is back there: people look at the older one meanwhile."""
    world = make_world(tmp_path, {CONFIGURATION: configuration(), POD: pod("app:1.0.0")})
    every = ("1.0.0", "1.1.0", "1.2.0")
    world.tags[APP] = every
    assert world.statuses() == [(1, "opened")]
    if ends == "reverted":
        world.bare.commit({POD: pod("app:1.2.0")}, message=branch_message(world))
        world.bare.commit({POD: pod("app:1.0.0")}, message="Back")
    world.press(1, state="merged" if ends == "reverted" else "closed")
    assert world.statuses() == []
    world.tags[APP] = every[:2]
    assert world.statuses() == [(2, "opened")]
    world.tags[APP] = every
    result = world.run()
    assert world.statuses(result) == [(2, "updated")]
    (warning,) = result.plan.warnings
    assert (
        "stays open: production/pod.yaml:6: policy stable takes 1.2.0 now, which was r" in warning
    )
    assert world.pull(2)["comments"] == []
    assert b"'app:1.1.0'" in world.bare.read_files(world.pull(2)["branch"])[POD]
    assert world.statuses() == [(2, "unchanged")]
    world.tags[APP] = (*every, "1.3.0")
    assert world.statuses() == [(2, "updated")]
    assert b"'app:1.3.0'" in world.bare.read_files(world.pull(2)["branch"])[POD]


def branch_message(world: World) -> str:
    return world.bare.log(world.pull(1)["branch"])[0].message


def test_people_want_it_again_with_a_commit_of_theirs(tmp_path: Path) -> None:
    files = {CONFIGURATION: configuration(), POD: pod("app:1.0.0")}
    world = make_world(tmp_path, files)
    assert world.statuses() == [(1, "opened")]
    world.press(1, state="closed", closed="2026-01-01T10:00:00+00:00")
    assert world.statuses() == []
    older = "2026-01-01T09:00:00+00:00"
    again = "Again\n\nImagebot-Again: app 1.1.0"
    world.bare.commit({POD: b"# 1\n" + pod("app:1.0.0")}, message=again, date=older)
    assert world.statuses() == []
    newer = "2026-01-01T11:00:00+00:00"
    world.bare.commit({POD: b"# 2\n" + pod("app:1.0.0")}, message=again, date=newer)
    assert world.statuses() == [(2, "opened")]
    assert world.statuses() == [(2, "unchanged")]
    assert "Imagebot-Again: app 1.1.0" in world.bare.log(world.pull(2)["branch"])[0].message
    world.press(2, state="closed", closed="2026-01-01T12:00:00+00:00")
    assert world.statuses() == []


def test_while_the_forge_does_not_answer_it_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other updates do not."""
    commits(world)
    monkeypatch.setattr(SandboxForge, "list_open", fail)
    head = world.bare.head()
    world.run()
    assert world.bare.head() == head
    world.tags[WEB] = ("1.0.0", "1.1.0")
    world.run()
    assert world.bare.read_files()[POD] == pod("app:1.0.0", "web:1.1.0")


def fail(*_: object, **__: object) -> None:
    raise ForgeError("sandbox", "it does not answer")


@pytest.mark.parametrize("newer", [True, False])
def test_the_forge_is_not_asked_of_what_no_branch_has(
    world: World, monkeypatch: pytest.MonkeyPatch, newer: bool
) -> None:
    """A commit must not wait for a list of pull requests."""
    commits(world)
    asked: list[str] = []
    monkeypatch.setattr(SandboxForge, "list_closed", note(asked))
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0") if newer else ("1.0.0", "1.1.0")
    world.run()
    assert bool(asked) is not newer


def note(asked: list[str]) -> Callable[..., tuple[()]]:
    def list_closed(*_: object, **__: object) -> tuple[()]:
        asked.append("list_closed")
        return ()

    return list_closed


def edit(world: World) -> None:
    world.bare.commit({"notes.txt": b"by hand\n"}, branch=world.pull(1)["branch"])


def forget(world: World) -> None:
    shutil.rmtree(world.folder / "cache")


def edit_and_forget(world: World) -> None:
    edit(world)
    forget(world)


@pytest.mark.parametrize("happens", [edit, forget, edit_and_forget])
def test_branches_that_are_not_as_the_bot_left_them(
    world: World, happens: Callable[[World], object]
) -> None:
    commits(world)
    happens(world)
    head = world.bare.head()
    assert "refused" in withheld(world)
    assert world.bare.head() == head


def test_very_many_branches_are_read_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = world.pull(1)["branch"]
    tip = str(world.bare.head(branch))
    for number in range(40):
        world.bare.move(f"imagebot/a{number:02}", tip)
    commits(world)
    looked: list[str] = []
    monkeypatch.setattr(recover, "_own_commit", lambda name, *_: looked.append(name))
    assert "refused" in withheld(world)
    assert looked == []
