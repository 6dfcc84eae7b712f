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
