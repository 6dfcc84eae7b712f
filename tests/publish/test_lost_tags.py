"""A pull request says what the registry has lost, until it is seen there again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import ForgeError, RegistryError
from imagebot.forge.model import PullRequest
from imagebot.forge.sandbox import SandboxForge
from imagebot.publish.marker import read_marker
from tests.publish.world import APP, BOTH, CONFIGURATION, WEB, World, configuration, make_world, pod
from tests.support.git_repository import git

POD = "production/pod.yaml"
GONE = "[gone from registry] "


def make(folder: Path, *images: str, tags: Mapping[str, tuple[str, ...]] | None = None) -> World:
    """A target whose updates nobody has published yet."""
    world = make_world(folder, {CONFIGURATION: configuration(), POD: pod(*images)})
    world.tags.update(tags or {})
    return world


def is_gone(world: World, number: int = 1) -> bool:
    """What a pull request says by its title, and by being a draft."""
    pull = world.pull(number)
    said = pull["title"].startswith(GONE)
    assert pull["draft"] is said
    return bool(said)


def down(world: World) -> None:
    world.tags[APP] = RegistryError(APP, "it does not answer", temporary=True)


def limit(world: World) -> None:
    world.limits = "{images: ['ghcr.io/**']}"


def rule(**fields: str) -> Callable[[World], object]:
    return lambda world: world.bare.commit({CONFIGURATION: configuration(**fields)})


UNKNOWN: Mapping[str, Callable[[World], object]] = {
    "a registry that does not answer": down,
    "limits.images of the bot": limit,
    "a typo in the glob of the route": rule(files="prodction/**"),
    "an image entry that takes nothing": rule(match="ghcr.io/**"),
    "a file that is not YAML any more": lambda world: world.bare.commit(
        {POD: pod("app:1.0.0") + b"  x: [\n"}
    ),
}


@pytest.mark.parametrize("left", [("1.0.0",), ("1.1.0",)], ids=["proposed", "current"])
@pytest.mark.parametrize("happens", UNKNOWN.values(), ids=UNKNOWN)
def test_only_a_list_brings_a_lost_tag_back(
    tmp_path: Path, left: tuple[str, ...], happens: Callable[[World], object]
) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    files = world.bare.read_files()
    world.tags[APP] = left
    world.run()
    assert is_gone(world)
    happens(world)
    world.run()
    assert is_gone(world)
    assert world.open() == [1]
    before = world.everything()
    world.run()
    assert world.everything() == before
    world.bare.commit(dict(files))
    world.tags, world.limits = dict(BOTH), ""
    assert world.statuses() == [(1, "updated")]
    assert not is_gone(world)


def test_a_route_whose_name_is_gone_says_nothing_of_the_registry(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    world.tags[APP] = ("1.0.0",)
    world.run()
    rule(route="live", files="live/**")(world)
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)


@pytest.mark.parametrize(
    ("policy", "tag"),
    [
        ("{pin: digest}", "1.0.0"),
        ("{pin: digest, exists: true}", "1.0.0"),
        ("{follow: stable, pin: digest}", "stable"),
    ],
)
def test_a_tag_that_only_gets_a_digest(tmp_path: Path, policy: str, tag: str) -> None:
    """No list is asked for: the registry says of the tag alone that it is not there."""
    world = make(tmp_path, f"app:{tag}", tags={APP: ("1.0.0", "stable")})
    rule(policy=policy)(world)
    assert world.statuses() == [(1, "opened")]
    world.tags[APP] = ("1.1.0",)
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)
    assert f"the registry does not list {tag} any more" in world.pull(1)["body"]
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.0.0", "stable")
    assert world.statuses() == [(1, "updated")]
    assert not is_gone(world)


def test_the_text_says_why_the_title_still_says_so(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    world.tags[APP] = ("1.0.0",)
    world.run()
    down(world)
    world.run()
    assert (
        "> - a tag was gone from the registry when that last gave a list" in world.pull(1)["body"]
    )


def test_one_that_was_never_listed_is_not_lost_while_nothing_is_known(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0", "web:1.0.0", tags={APP: ("1.1.0",)})
    world.run()
    down(world)
    world.tags[WEB] = ("1.0.0", "1.1.0", "1.2.0")
    world.run()
    assert not is_gone(world)
    world.tags[APP] = ("1.1.0",)
    assert world.statuses() == [(1, "updated")]
    assert not is_gone(world)
    assert world.statuses() == [(1, "unchanged")]


def test_one_that_was_never_listed_is_not_lost_while_its_update_waits(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0", tags={APP: ("1.1.0",)})
    world.run()
    rule(policy="{semver: ^1, min-age: 3000d}")(world)
    assert world.statuses() == [(1, "updated")]
    assert not is_gone(world)
    assert "1.0.0" not in "".join(
        line for line in world.pull(1)["body"].splitlines() if line.startswith("> ")
    )


def test_one_that_was_listed_meanwhile_can_be_lost(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0", tags={APP: ("1.1.0",)})
    world.run()
    world.tags[APP] = ("1.0.0", "1.1.0")
    world.run()
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.1.0",)
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)


def test_a_field_that_joins_a_pull_request_may_have_a_tag_that_was_never_listed(
    tmp_path: Path,
) -> None:
    world = make(tmp_path, "app:1.0.0", tags={WEB: ("1.1.0",)})
    world.run()
    world.bare.commit({POD: pod("app:1.0.0", "web:1.0.0")})
    assert world.statuses() == [(1, "updated")]
    assert not is_gone(world)
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.1.0",)
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)
    (note,) = [line for line in world.pull(1)["body"].splitlines() if line.startswith("> ")]
    assert "app: " in note


@pytest.mark.parametrize(
    "move",
    [
        rule(group="repository"),
        rule(route="live"),
    ],
    ids=["group", "route"],
)
@pytest.mark.parametrize("never", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_what_moves_takes_it_along(
    tmp_path: Path, move: Callable[[World], object], never: bool, at_once: bool
) -> None:
    """To a new pull request; also where it moves and is lost in the same pass."""
    world = make(tmp_path, "app:1.0.0", tags={APP: ("1.1.0",)} if never else {})
    world.run()
    world.tags[APP] = ("1.1.0",)
    if not at_once:
        world.run()
    move(world)
    world.run()
    (number,) = world.open()
    assert number == 2
    assert is_gone(world, number) is not never
    assert world.statuses() == [(number, "unchanged")]
    world.tags[APP] = BOTH[APP]
    world.run()
    assert not is_gone(world, number)


def test_it_moves_also_where_the_forge_has_no_drafts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    no_drafts(monkeypatch)
    world.tags[APP] = ("1.1.0",)
    rule(group="repository")(world)
    assert world.statuses() == [(2, "opened"), (1, "closed")]
    assert (world.pull(2)["title"].startswith(GONE), world.pull(2)["draft"]) == (True, False)
    assert (
        "could not make pull request #2 a draft: sandbox: drafts are not supported" in caplog.text
    )
    caplog.clear()
    assert world.statuses() == [(2, "unchanged")]
    assert caplog.text == ""


def no_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    create = SandboxForge.create

    def refuse(*_: object, **__: object) -> None:
        raise ForgeError("sandbox", "drafts are not supported")

    def checked(forge: SandboxForge, *, draft: bool = False, **texts: Any) -> PullRequest:
        if draft:
            refuse()
        return create(forge, **texts)

    monkeypatch.setattr(SandboxForge, "create", checked)
    monkeypatch.setattr(SandboxForge, "set_draft", refuse)


@pytest.mark.parametrize("name", ["set_draft", "update"])
def test_a_pass_that_is_killed_before_it_is_a_draft(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    world.tags[APP] = ("1.1.0",)
    rule(group="repository")(world)
    with monkeypatch.context() as patch:
        patch.setattr(SandboxForge, name, stop)
        with pytest.raises(KeyboardInterrupt):
            world.run()
    world.run()
    assert world.open() == [2]
    assert is_gone(world, 2)
    assert world.statuses() == [(2, "unchanged")]


def stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("left", [("1.0.0",), ("1.1.0",)], ids=["proposed", "current"])
@pytest.mark.parametrize("told", [True, False])
def test_a_branch_of_people_says_so_too(tmp_path: Path, left: tuple[str, ...], told: bool) -> None:
    """Only the branch is theirs: nobody should merge it by habit."""
    world = make(tmp_path, "app:1.0.0")
    world.run()
    branch = world.pull(1)["branch"]
    tip = world.bare.commit({"notes.txt": b"by hand\n"}, branch=branch)
    if told:
        world.run()
    world.tags[APP] = left
    assert world.statuses() == [(1, "waiting-for-people")]
    assert is_gone(world)
    assert "the registry does not list" in world.pull(1)["body"]
    before = world.everything()
    assert world.statuses() == [(1, "waiting-for-people")]
    assert world.everything() == before
    world.tags[APP] = BOTH[APP]
    assert world.statuses() == [(1, "waiting-for-people")]
    assert not is_gone(world)
    assert "the registry does not list" not in world.pull(1)["body"]
    assert (world.bare.head(branch), len(world.pull(1)["comments"])) == (tip, 1)


def test_a_branch_that_is_deleted_forgets_nothing(tmp_path: Path) -> None:
    world = make(tmp_path, "app:1.0.0")
    world.run()
    world.tags[APP] = ("1.1.0",)
    world.run()
    git(world.bare.folder, "update-ref", "-d", f"refs/heads/{world.pull(1)['branch']}")
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)


MANY = 40


def test_very_many_that_were_never_listed(tmp_path: Path) -> None:
    """More than the text has room for; some of them are listed later."""
    world = make(tmp_path, *(f"app:1.0.{n}" for n in range(MANY)), tags={APP: ("1.1.0",)})
    world.run()
    assert world.statuses() == [(1, "unchanged")]
    assert not is_gone(world)
    for some in (("1.0.39",), ("1.0.39", "1.0.38"), tuple(f"1.0.{n}" for n in range(10, MANY))):
        world.tags[APP] = (*some, "1.1.0")
        world.run()
        assert not is_gone(world)
        assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.0.38", "1.1.0")
    assert world.statuses() == [(1, "updated")]
    assert is_gone(world)
    assert world.statuses() == [(1, "unchanged")]
    known = read_marker(world.pull(1)["body"])
    assert known is not None
    assert (len(known.unlisted), known.left) == (10, 0)


def test_very_many_that_are_lost_are_one_warning(tmp_path: Path) -> None:
    tags = tuple(f"1.0.{n}" for n in range(MANY))
    world = make(tmp_path, *(f"app:{tag}" for tag in tags), tags={APP: (*tags, "1.1.0")})
    world.run()
    world.tags[APP] = ("1.1.0",)
    lines = [line for line in world.run().plan.warnings if "pull request #1" in line]
    assert len(lines) == 1
    assert lines[0].endswith(f"which is there now, and {MANY - 1} more")
