"""A pull request ends only on evidence, moves with its route or group, and says why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.errors import RegistryError
from imagebot.publish.marker import read_marker, with_marker
from tests.publish.world import (
    APP,
    BOTH,
    CONFIGURATION,
    WEB,
    World,
    configuration,
    make_world,
    pod,
)

POD = "production/pod.yaml"
SECOND = "production/web.yaml"
GONE = "[gone from registry] "
TITLE = "Update app to 1.1.0 (production)"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An open pull request that updates one image."""
    made = make_world(tmp_path, {CONFIGURATION: configuration(), POD: pod("app:1.0.0")})
    assert made.statuses() == [(1, "opened")]
    return made


@pytest.fixture
def pair(tmp_path: Path) -> World:
    """An open pull request that updates two images in one file."""
    files = {CONFIGURATION: configuration(), POD: pod("app:1.0.0", "web:1.0.0")}
    made = make_world(tmp_path, files)
    assert made.statuses() == [(1, "opened")]
    return made


def rule(**fields: str) -> Callable[[World], object]:
    """Somebody pushes another configuration."""
    return lambda world: world.bare.commit({CONFIGURATION: configuration(**fields)})


def write(data: bytes | None, path: str = POD) -> Callable[[World], object]:
    return lambda world: world.bare.commit({path: data})


def listed(*tags: str) -> Callable[[World], object]:
    return lambda world: world.tags.update({APP: tags})


def limit(world: World) -> None:
    world.limits = "{images: ['ghcr.io/**']}"


def down(world: World) -> None:
    world.tags[APP] = RegistryError(APP, "it does not answer", temporary=True)


UNDECIDED: Mapping[str, Callable[[World], object]] = {
    "a typo in the glob of the route": rule(files="prodction/**"),
    "an image entry that takes nothing": rule(match="ghcr.io/**"),
    "limits.images of the bot": limit,
    "a marker that cannot be read": write(
        pod("app:1.0.0").replace(b"'}", b"'} # imagebot: {semver: }")
    ),
    "an empty list": listed(),
    "a list without the current tag": listed("0.9.0"),
    "a list without the proposed tag": listed("1.0.0"),
    "a file that is not YAML any more": write(pod("app:1.0.0") + b"  x: [\n"),
    "an excluded file": lambda world: world.bare.commit(
        {CONFIGURATION: configuration() + b"files: {exclude: [production/**]}\n"}
    ),
    "a registry that does not answer": down,
}


@pytest.mark.parametrize("happens", UNDECIDED.values(), ids=UNDECIDED)
def test_what_is_undecided_leaves_it_open(world: World, happens: Callable[[World], object]) -> None:
    happens(world)
    result = world.run()
    assert world.open() == [1]
    assert any("pull request #1 stays open" in line for line in result.plan.warnings)
    assert world.pull(1)["body"].startswith("> - ")
    assert world.pull(1)["comments"] == []
    assert b"'app:1.1.0'" in world.bare.read_files(world.pull(1)["branch"])[POD]
    assert [(one.number, one.status) for one in result.published] == [(1, "updated")]
    before = world.everything()
    again = world.run()
    assert [(one.number, one.status) for one in again.published] == [(1, "unchanged")]
    assert world.everything() == before


@pytest.mark.parametrize("happens", UNDECIDED.values(), ids=UNDECIDED)
def test_it_is_as_before_once_it_is_decided_again(
    world: World, happens: Callable[[World], object]
) -> None:
    files, text = world.bare.read_files(), world.pull(1)
    happens(world)
    world.run()
    world.bare.commit(dict(files))
    world.tags, world.limits = dict(BOTH), ""
    assert world.statuses() == [(1, "updated")]
    assert world.statuses() == [(1, "unchanged")]
    assert world.pull(1)["body"].splitlines()[:-1] == text["body"].splitlines()[:-1]
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (TITLE, False)


OVER: Mapping[str, tuple[Callable[[World], object], str]] = {
    "the base has it": (write(pod("app:1.1.0")), "the target has it, since"),
    "the base has a newer one": (
        lambda world: (listed("1.0.0", "1.1.0", "1.2.0")(world), write(pod("app:1.2.0"))(world)),
        "the target has 1.2.0",
    ),
    "the field is gone": (write(pod("web:1.1.0")), "by Alice Example removed or moved it"),
    "the file is gone": (write(None), "by Alice Example removed or moved it"),
    "the policy is `ignore` now": (rule(use="ignore"), "ignored by policy 'ignore'"),
    "a marker says ignore": (
        write(pod("app:1.0.0").replace(b"'}", b"'} # imagebot: ignore not yet")),
        "ignored by the marker",
    ),
    "the policy allows less": (rule(policy="{semver: ~1.0}"), "policy stable was changed"),
}


@pytest.mark.parametrize(("happens", "reason"), OVER.values(), ids=OVER)
def test_evidence_ends_it(world: World, happens: Callable[[World], object], reason: str) -> None:
    branch = world.pull(1)["branch"]
    happens(world)
    result = world.run()
    assert world.statuses(result) == [(1, "closed")]
    (comment,) = world.pull(1)["comments"]
    assert reason in comment
    assert f"`{POD}`: `app` to `1.1.0`" in comment
    assert world.bare.head(branch) is None
    assert "stays open" not in "".join(result.plan.warnings)
    before = world.everything()
    world.run()
    assert world.everything() == before


def test_the_comment_names_the_commit_that_brought_it(world: World) -> None:
    commit = world.bare.commit({POD: pod("app:1.1.0")})
    world.bare.commit({POD: pod("app:1.1.0") + b"# a comment\n"})
    world.run()
    (comment,) = world.pull(1)["comments"]
    assert f"since {commit[:12]} by Alice Example" in comment


def test_a_newer_release_takes_its_place(world: World) -> None:
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(1, "updated")]
    assert world.pull(1)["title"] == "Update app to 1.2.0 (production)"
    assert world.bare.read_files(world.pull(1)["branch"])[POD] == pod("app:1.2.0")
    # The one that it replaces may be pruned.
    world.tags[APP] = ("1.0.0", "1.3.0")
    assert world.statuses() == [(1, "updated")]
    assert world.pull(1)["title"] == "Update app to 1.3.0 (production)"


def test_a_list_that_has_lost_the_proposed_tag_makes_it_a_draft(world: World) -> None:
    world.tags[APP] = ("1.0.0",)
    world.run()
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (GONE + TITLE, True)


def test_an_older_tag_does_not_take_the_place_of_one_that_is_gone(world: World) -> None:
    world.tags[APP] = ("1.0.0", "1.0.5")
    branch = world.pull(1)["branch"]
    pushed = world.bare.head(branch)
    world.run()
    assert world.pull(1)["title"] == GONE + TITLE
    assert world.bare.head(branch) == pushed
    assert world.open() == [1]


def test_a_list_that_has_lost_the_current_tag_makes_it_a_draft(world: World) -> None:
    """Although the proposed one is there; the branch stays as it is."""
    branch = world.pull(1)["branch"]
    pushed = world.bare.head(branch)
    world.tags[APP] = ("1.1.0",)
    result = world.run()
    note = "the registry does not list 1.0.0 any more, which is there now"
    assert world.statuses(result) == [(1, "updated")]
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (GONE + TITLE, True)
    assert note in world.pull(1)["body"].splitlines()[0]
    assert [each.partition(": ")[2] for each in result.plan.warnings if note in each] == [
        f"pull request #1: {POD}:6: app: {note}"
    ]
    before = world.everything()
    assert world.statuses() == [(1, "unchanged")]
    assert world.everything() == before
    world.tags[APP] = ("1.0.0", "1.1.0")
    assert world.statuses() == [(1, "updated")]
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (TITLE, False)
    assert note not in world.pull(1)["body"]
    assert world.bare.head(branch) == pushed


def test_a_newer_release_does_not_bring_a_lost_tag_back(world: World) -> None:
    world.tags[APP] = ("1.1.0",)
    world.run()
    for tags, newest in ((("1.1.0", "1.2.0"), "1.2.0"), (("1.3.0",), "1.3.0")):
        world.tags[APP] = tags
        assert world.statuses() == [(1, "updated")]
        title = f"{GONE}Update app to {newest} (production)"
        assert (world.pull(1)["title"], world.pull(1)["draft"]) == (title, True)
        assert world.statuses() == [(1, "unchanged")]


def test_a_tag_that_was_never_listed_is_not_lost(tmp_path: Path) -> None:
    """A registry that keeps only the newest tags; one of another image does get lost."""
    files = {CONFIGURATION: configuration(), POD: pod("app:1.0.0", "web:1.0.0")}
    world = make_world(tmp_path, files)
    world.tags = {APP: ("1.1.0",), WEB: ("1.0.0", "1.1.0")}
    assert world.statuses() == [(1, "opened")]
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.2.0",)
    assert world.statuses() == [(1, "updated")]
    title = "Update app and web (production)"
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (title, False)
    world.tags[WEB] = ("1.1.0",)
    assert world.statuses() == [(1, "updated")]
    assert (world.pull(1)["title"], world.pull(1)["draft"]) == (GONE + title, True)
    (note,) = [line for line in world.pull(1)["body"].splitlines() if line.startswith("> ")]
    assert "web: " in note
    assert world.statuses() == [(1, "unchanged")]


def test_what_is_undecided_stays_beside_what_is_new(pair: World) -> None:
    pair.tags = {APP: (), WEB: ("1.0.0", "1.1.0", "1.2.0")}
    assert pair.statuses() == [(1, "updated")]
    assert pair.bare.read_files(pair.pull(1)["branch"])[POD] == pod("app:1.1.0", "web:1.2.0")
    before = pair.everything()
    assert pair.statuses() == [(1, "unchanged")]
    assert pair.everything() == before


WHY = "1.1.0 is the newest tag the policy allows"


@pytest.mark.parametrize("policy", ["{semver: ^1}", "marker", "gone"])
def test_what_is_undecided_keeps_the_reason_it_had(tmp_path: Path, policy: str) -> None:
    """In the text and in the commit, which people may merge once the registry is back."""
    text = pod("app:1.0.0", "web:1.0.0")
    if policy == "marker":
        text = text.replace(b"app:1.0.0'}", b"app:1.0.0'} # imagebot: {semver: ^1}")
    world = make_world(tmp_path, {CONFIGURATION: configuration(), POD: text})
    assert world.statuses() == [(1, "opened")]
    if policy == "gone":
        rule(match="**/web")(world)
    else:
        world.tags[APP] = RegistryError(APP, "it does not answer", temporary=True)
    world.tags[WEB] = ("1.0.0", "1.1.0", "1.2.0")
    world.run()
    if policy == "gone":
        rule()(world)
    world.tags[APP] = ("1.0.0", "1.1.0")
    assert world.statuses() == [(1, "updated")]
    (row,) = [line for line in world.pull(1)["body"].splitlines() if "`app`" in line]
    assert row.endswith(f"| {WHY} |")
    message = world.bare.log(world.pull(1)["branch"])[0].message
    name = "{semver: ^1}" if policy == "marker" else "stable"
    wanted = f"- {POD}: app 1.0.0 -> 1.1.0 (minor)\n  policy {name}: {WHY}\n"
    assert wanted in message
    assert "nothing was decided" not in message


def test_what_is_undecided_stays_beside_what_is_over(pair: World) -> None:
    pair.bare.commit({POD: pod("app:1.0.0", "web:1.1.0")})
    pair.tags[APP] = ()
    assert pair.statuses() == [(1, "updated")]
    branch = pair.pull(1)["branch"]
    assert pair.bare.read_files(branch)[POD] == pod("app:1.1.0", "web:1.1.0")
    assert "web" not in pair.pull(1)["title"]


def test_what_is_undecided_is_never_lower_than_what_people_wrote(pair: World) -> None:
    """Nobody can tell whether 2.0.0 is newer, as long as the registry does not answer."""
    pair.bare.commit({POD: pod("app:2.0.0", "web:1.0.0")})
    pair.tags = {APP: (), WEB: ("1.0.0", "1.1.0", "1.2.0")}
    branch = pair.pull(1)["branch"]
    pushed = pair.bare.head(branch)
    pair.run()
    assert pair.bare.head(branch) == pushed
    assert pair.open() == [1]


def test_a_file_elsewhere_that_cannot_be_read_keeps_nothing_open(world: World) -> None:
    world.bare.commit({POD: pod("app:1.1.0"), SECOND: b"image: [\n"})
    assert [(one.number, one.status) for one in world.run().published] == [(1, "closed")]


def test_a_route_that_is_renamed_moves_its_updates(world: World) -> None:
    world.bare.commit({CONFIGURATION: configuration(route="live")})
    assert world.statuses() == [(2, "opened"), (1, "closed")]
    first, second = world.pull(1), world.pull(2)
    (comment,) = first["comments"]
    assert "route live proposes it now" in comment
    assert "2.json" in comment
    (comment,) = second["comments"]
    assert "1.json" in comment
    assert world.bare.read_files(second["branch"])[POD] == pod("app:1.1.0")
    assert world.statuses() == [(2, "unchanged")]


@pytest.mark.parametrize("groups", [("repository", "all"), ("all", "repository")])
def test_another_group_moves_the_updates(tmp_path: Path, groups: tuple[str, str]) -> None:
    before, after = groups
    files = {CONFIGURATION: configuration(group=before), POD: pod("app:1.0.0", "web:1.0.0")}
    world = make_world(tmp_path, files)
    opened = len(world.statuses())
    world.bare.commit({CONFIGURATION: configuration(group=after)})
    result = world.statuses()
    assert [status for _, status in result].count("closed") == opened
    assert world.open() == [number for number, status in result if status == "opened"]
    for number in range(1, opened + 1):
        (comment,) = world.pull(number)["comments"]
        assert "route production proposes it now" in comment
    # The bot has closed them: nothing is refused by that.
    assert {status for _, status in world.statuses()} == {"unchanged"}


@pytest.mark.parametrize("newer", [False, True])
def test_the_updates_move_also_where_a_limit_is_met(tmp_path: Path, newer: bool) -> None:
    """People join the pull requests because there are too many."""
    configured = configuration(group="repository, max-open: 1")
    world = make_world(tmp_path, {CONFIGURATION: configured, POD: pod("app:1.0.0", "web:1.0.0")})
    assert world.statuses() == [(1, "opened")]
    world.bare.commit({CONFIGURATION: configuration(group="all, max-open: 1")})
    if newer:
        world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(2, "opened"), (1, "closed")]
    assert world.statuses() == [(2, "unchanged")]


def test_a_move_that_fails_closes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from imagebot.errors import ForgeError
    from imagebot.forge.sandbox import SandboxForge

    def fail(self: SandboxForge, **_: object) -> None:
        raise ForgeError(self.project, "no more pull requests")

    world.bare.commit({CONFIGURATION: configuration(route="live")})
    with monkeypatch.context() as patched:
        patched.setattr(SandboxForge, "create", fail)
        result = world.run()
    assert [one.status for one in result.published] == ["failed"]
    assert world.open() == [1]
    assert world.statuses() == [(2, "opened"), (1, "closed")]


def test_a_route_that_commits_now(world: World) -> None:
    commits = configuration(publish="commit").replace(b"    pull-request: {group: all}\n", b"")
    world.bare.commit({CONFIGURATION: commits})
    assert world.statuses() == [(0, "committed"), (1, "closed")]
    assert "route production commits it now" in world.pull(1)["comments"][0]
    (comment,) = world.pull(1)["comments"]
    assert str(world.bare.head())[:12] in comment


def test_a_route_whose_name_is_gone_is_told_of_first(world: World) -> None:
    taken = world.bare.commit({CONFIGURATION: configuration(route="other", files="elsewhere/**")})
    result = world.run(wait=timedelta(0))
    assert world.open() == [1]
    assert taken[:12] in world.pull(1)["body"]
    assert any(taken[:12] in line for line in result.plan.warnings)
    assert world.statuses() == [(1, "closed")]
    (comment,) = world.pull(1)["comments"]
    assert f"Route production is no longer in imagebot.yaml \\(as of {taken[:12]}\\)" in comment


def test_a_route_that_is_gone_may_come_back(world: World) -> None:
    text = world.pull(1)
    world.bare.commit({CONFIGURATION: configuration(route="other", files="elsewhere/**")})
    world.run()
    world.bare.commit({CONFIGURATION: configuration()})
    assert world.statuses() == [(1, "updated")]
    # Only the commit is another: what it said of the route is taken back too.
    before, now = read_marker(text["body"]), read_marker(world.pull(1)["body"])
    assert before is not None
    assert now is not None
    assert with_marker(world.pull(1)["body"], before) == text["body"]
    assert now == dataclasses.replace(before, pushed=now.pushed)
    assert now.pushed == world.bare.head(world.pull(1)["branch"])
    world.bare.commit({CONFIGURATION: configuration(route="third", files="elsewhere/**")})
    world.run()
    assert world.open() == [1]


def test_a_route_that_is_gone_from_the_file_of_the_bot(tmp_path: Path) -> None:
    """It has no commit: its hash, and the time of the first pass that saw it."""
    world = make_world(tmp_path, {POD: pod("app:1.0.0")})
    world.inline = configuration().decode()
    assert world.statuses() == [(1, "opened")]
    world.inline = configuration(route="other", files="elsewhere/**").decode()
    for _ in range(2):
        world.run(wait=timedelta(minutes=5))
        assert world.open() == [1]
    assert world.statuses(world.run(wait=timedelta(minutes=5))) == [(1, "closed")]
    assert "Route production is no longer in bot.yaml" in world.pull(1)["comments"][0]


def test_another_configuration_does_not_touch_it(world: World) -> None:
    """Two bots may look after one branch with configurations of their own."""
    world.bare.commit({CONFIGURATION: None})
    world.inline = configuration(route="other", files="elsewhere/**").decode()
    before = world.everything()
    for _ in range(3):
        world.run()
    assert world.everything() == before
