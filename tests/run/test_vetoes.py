"""What people refused or rolled back, over several passes: it stays so until they want it again."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.forge.sandbox import SandboxForge
from imagebot.git.url import identity_of
from imagebot.plan.withheld import withheld
from imagebot.publish.again import Again
from imagebot.publish.marker import PullRequestMarker, with_marker
from imagebot.reference import parse_reference
from imagebot.run.passes import PassResult, plan_pass, run_pass
from tests.plan.test_vetoes import (
    CONFIGURATION,
    FILES,
    POD,
    PRODUCTION,
    TEST,
    World,
    make_world,
    pod,
    statuses,
)
from tests.support.git_repository import BareRepository, Entry
from tests.support.github import Forge

TRAILER = "Imagebot-Again: api 1.1.0"


@pytest.fixture
def world(tmp_path: Path) -> World:
    bare = BareRepository.create(tmp_path / "remote.git", dict(FILES))
    bare.configure("uploadpack.allowFilter", "true")
    return make_world(tmp_path, bare)


def again(world: World, *images: str, now: datetime | None = None) -> PassResult:
    wanted = tuple(Again(text, parse_reference(text)) for text in images)
    now = now or world.setting.now
    return run_pass(dataclasses.replace(world.setting, again=wanted, now=now))


def codes(result: PassResult) -> dict[str, str]:
    return {each.field.path: each.code for each in withheld(result.plan)}


def configure(world: World, old: bytes, new: bytes) -> None:
    text = world.bare.read_files()["imagebot.yaml"]
    assert old in text
    world.bare.commit({"imagebot.yaml": text.replace(old, new)})


PULL = b"    publish: pull-request\n"
GROUP = PULL + b"    pull-request: {group: repository}\n"
OTHER = b"kind: Pod\napiVersion: v1\nmetadata: {name: other}\nspec: {}\n---\n"


@pytest.mark.parametrize("change", ["group", "route", "both", "document", "line", "container"])
def test_what_was_refused_stays_refused(world: World, change: str) -> None:
    world.run()
    world.press(1, "closed")
    if change in ("group", "both"):
        configure(world, PULL, GROUP)
    if change in ("route", "both"):
        configure(world, b"name: production", b"name: live")
    files = {
        "document": OTHER + POD,
        "line": b"# people\n\n" + POD,
        "container": POD.replace(
            b"    - {name: a", b"    - {name: c, image: 'web:1.0.0'}\n    - {name: a"
        ),
    }
    if change in files:
        world.bare.commit({PRODUCTION: files[change]})
    result = world.run()
    assert codes(result)[PRODUCTION] == "refused"
    assert not (world.pulls / "2.json").exists()


@pytest.mark.parametrize("change", ["path", "name", "kind"])
def test_another_object_is_another_matter(world: World, change: str) -> None:
    world.run()
    world.press(1, "closed")
    moved: dict[str, dict[str, Entry | None]] = {
        "path": {PRODUCTION: None, "production/other.yaml": POD},
        "name": {PRODUCTION: POD.replace(b"name: shop", b"name: shop-2")},
        "kind": {PRODUCTION: POD.replace(b"kind: Pod", b"kind: PodTemplate")},
    }
    world.bare.commit(moved[change])
    world.run()
    assert world.pull(2)["state"] == "open"


def test_many_closed_pull_requests(world: World) -> None:
    """The newest 300 of the bot's branches count, whatever their branches are called now."""
    world.run()
    world.press(1, "closed")
    forge = SandboxForge(world.pulls, identity_of(world.bare.folder.as_uri(), "main"), "main")
    project = world.pull(1)["project"]
    forge = dataclasses.replace(forge, project=project)
    marker = PullRequestMarker(route="x", plan="p", blobs="b", pushed="c", updates=("0" * 12,))

    def close_more(count: int, branch: str) -> None:
        for _ in range(count):
            made = forge.create(branch=branch, title="T", body=with_marker("B", marker))
            forge.close(made.number)

    close_more(299, "imagebot/other")
    close_more(5, "people/other")
    assert codes(world.run())[PRODUCTION] == "refused"
    close_more(1, "imagebot/other")
    assert PRODUCTION not in codes(world.run())


def test_what_was_rolled_back_is_committed_again(world: World) -> None:
    world.run()
    world.bare.commit({TEST: POD}, message='Revert "Update api"')
    assert codes(world.run())[TEST] == "rolled-back"

    result = again(world, "api:1.1.0")
    assert result.plan.warnings == ()
    assert world.bare.read_files()[TEST] == pod("1.1.0", "1.0.0")
    assert TRAILER in world.bare.log()[0].message
    assert world.run().plan.updates == again(world, "nginx").plan.updates

    # The latest evidence wins.
    world.bare.commit({TEST: POD}, message=f'Revert "Update api"\n\n{TRAILER}\n')
    assert codes(world.run())[TEST] == "rolled-back"
    again(world, "api")
    assert world.bare.read_files()[TEST] == pod("1.1.0", "1.0.0")


def test_people_may_write_the_trailer(world: World) -> None:
    world.run()
    world.bare.commit({TEST: POD}, message="Back")
    world.bare.commit({TEST: b"# again\n" + POD}, message=f"Again\n\n{TRAILER}")
    world.run()
    assert world.bare.read_files()[TEST] == b"# again\n" + pod("1.1.0", "1.0.0")


def test_what_was_refused_is_proposed_again(world: World) -> None:
    world.run()
    world.press(1, "closed")
    result = again(world, "docker.io/library/api")
    assert statuses(result.published)["production"] == "opened"
    branch = world.pull(2)["branch"]
    assert TRAILER in world.bare.log(branch)[0].message

    # It stays open without being asked for, and so does the trailer when the branch is made anew.
    assert statuses(world.run().published)["production"] == "unchanged"
    world.bare.commit({PRODUCTION: b"# people\n" + POD})
    assert statuses(world.run().published)["production"] == "updated"
    assert world.bare.read_files(branch)[PRODUCTION] == b"# people\n" + pod("1.1.0", "1.0.0")
    assert TRAILER in world.bare.log(branch)[0].message

    world.press(2, "closed")
    assert codes(world.run())[PRODUCTION] == "refused"
    assert not (world.pulls / "3.json").exists()
    assert statuses(again(world, "api").published)["production"] == "opened"
    assert TRAILER in world.bare.log(world.pull(3)["branch"])[0].message


def test_a_revert_of_what_was_merged_is_lifted_in_a_pull_request(world: World) -> None:
    world.run()
    first = world.pull(1)["branch"]
    message = world.bare.log(first)[0].message
    world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")}, message=message)
    world.press(1, "merged")
    world.bare.commit({PRODUCTION: POD}, message="Back")
    assert codes(world.run())[PRODUCTION] == "rolled-back"
    assert statuses(again(world, "api").published)["production"] == "opened"
    # The revert is in the history still, and older.
    assert PRODUCTION not in codes(world.run())
    assert world.pull(2)["state"] == "open"


def test_nothing_to_lift(world: World) -> None:
    result = again(world, "api", "web:2")
    assert result.plan.warnings == (
        "--again api has no effect: no rollback or refusal keeps it back now",
        "--again web:2 has no effect: no rollback or refusal keeps it back now",
    )
    assert "Imagebot-Again" not in world.bare.log()[0].message


def test_the_text_of_a_pull_request_says_what_is_withheld(world: World) -> None:
    world.run()
    world.press(1, "closed")
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    world.run()
    said = world.pull(2)["body"].replace("\u200b", "")
    assert "- api 1.1.0 is not proposed: refused by closing #1 \\(production/pod.yaml\\)\n" in said


WINDOW = b"window: mon-fri 9-17 Europe/Berlin"
SATURDAY, MONDAY = datetime(2026, 11, 28, 12, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_a_window(world: World) -> None:
    text = CONFIGURATION.replace(b"publish: commit,", b"publish: commit, " + WINDOW + b",")
    text = text.replace(PULL, PULL + b"    " + WINDOW + b"\n")
    world.bare.commit({"imagebot.yaml": text})
    setting, head = world.setting, world.bare.head()
    shut = dataclasses.replace(setting, now=SATURDAY)

    result = run_pass(shut)
    assert (result.published, result.plan.updates, result.plan.problems) == ((), (), ())
    found = withheld(result.plan)
    assert [(each.field.path, each.tag, each.code, each.until) for each in found] == [
        (PRODUCTION, "1.1.0", "window", MONDAY),
        (TEST, "1.1.0", "window", MONDAY),
    ]
    assert world.bare.head() == head
    (drafted,) = plan_pass(shut)
    assert drafted.changes == ()

    opened = run_pass(dataclasses.replace(setting, now=MONDAY))
    assert statuses(opened.published) == {"test": "committed", "production": "opened"}
    # What is open stays current; a commit is new.
    world.tags.of["api"] = ("1.0.0", "1.1.0", "1.2.0")
    later = run_pass(shut)
    assert statuses(later.published) == {"production": "updated"}
    assert codes(later) == {TEST: "window"}


def test_limits_of_a_route(world: World) -> None:
    options = b"    pull-request: {group: repository, max-open: 1}\n"
    world.bare.commit({"imagebot.yaml": CONFIGURATION.replace(PULL, PULL + options)})
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    result = world.run()
    assert statuses(result.published) == {"test": "committed", "production": "opened"}
    assert codes(result) == {PRODUCTION: "limit"}
    assert result.plan.problems == ()
    # One of two updates of a file: the branch has the other.
    assert world.bare.read_files(world.pull(1)["branch"])[PRODUCTION] == pod("1.1.0", "1.0.0")

    assert codes(world.run()) == {PRODUCTION: "limit"}
    world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")})
    world.press(1, "merged")
    world.run()
    assert world.bare.read_files(world.pull(2)["branch"])[PRODUCTION] == pod("1.1.0", "1.2.0")


def test_an_update_that_cannot_be_made_takes_no_turn(world: World) -> None:
    """And what waits is not in the diff of `plan -c`."""
    options = b"    pull-request: {group: repository, max-open: 1}\n"
    world.bare.commit({"imagebot.yaml": CONFIGURATION.replace(PULL, PULL + options)})
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    (drafted,) = plan_pass(world.setting)
    (change,) = [each for each in drafted.changes if each.path == PRODUCTION]
    assert change.new == pod("1.1.0", "1.0.0")


@pytest.fixture
def hub(forge: Forge, tmp_path: Path) -> Callable[..., PassResult]:
    """A pass against the emulated GitHub."""
    url = forge.make_repository(files=dict(FILES))
    text = (
        f"targets: [{{name: shop, url: '{url}', branch: main, credential: it,"
        f" forge: {{kind: github, url: '{forge.api_url}'}}}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
    )
    world = make_world(tmp_path, forge.git.repository("acme/gitops"))
    world.setting = dataclasses.replace(
        world.setting,
        bot=load_bot_configuration(text, "bot.yaml"),
        environment={**os.environ, "TOKEN": forge.bot_token},
        now=datetime.now(UTC),
    )
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    return lambda *images: again(world, *images)


def test_on_github(hub: Callable[..., PassResult], forge: Forge) -> None:
    hub()
    (first,) = forge.pull_requests()
    forge.close("acme/gitops", first["number"])
    text = CONFIGURATION.replace(PULL, GROUP.replace(b"{group", b"{max-open: 1, group"))
    forge.commit("acme/gitops", {"imagebot.yaml": text})
    assert codes(hub())[PRODUCTION] == "refused"
    assert forge.pull_requests() == []

    result = hub("api", "web")
    assert statuses(result.published)["production"] == "opened"
    assert len(forge.pull_requests()) == 2
    assert statuses(hub().published)["production"] == "unchanged"
    for request in forge.pull_requests():
        forge.close("acme/gitops", request["number"])
    assert codes(hub())[PRODUCTION] == "refused"
    assert forge.pull_requests() == []


def test_one_in_an_hour_on_github(hub: Callable[..., PassResult], forge: Forge) -> None:
    text = CONFIGURATION.replace(PULL, GROUP.replace(b"{group", b"{per-hour: 1, group"))
    forge.commit("acme/gitops", {"imagebot.yaml": text})
    for _ in range(2):
        result = hub()
        (waits,) = [each for each in withheld(result.plan) if each.field.path == PRODUCTION]
        assert waits.code == "limit"
        assert waits.until is not None
        assert len(forge.pull_requests()) == 1
        assert result.plan.problems == ()
