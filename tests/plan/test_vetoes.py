"""What people refuse stays refused: rollbacks, closed pull requests; and routes that are gone."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.forge.model import PullRequest, PullRequestState
from imagebot.plan.model import Kept, Plan, Published, Update
from imagebot.plan.vetoes import Veto, Vetoes, apply_vetoes
from imagebot.policy.model import Decision
from imagebot.publish.marker import PullRequestMarker, read_marker, with_marker
from imagebot.publish.refusals import refused_by_closing
from imagebot.publish.text import plan_hash
from imagebot.reference import Repository
from imagebot.run.passes import PassContext, PassResult, plan_pass, run_pass
from tests.publish.old_markers import old_marker
from tests.publish.updates import make_update
from tests.support.fake_registry import FakeRegistry
from tests.support.git_repository import BareRepository, git
from tests.support.github import Forge

CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes:
  - {name: test, files: [test/**], publish: commit, images: [{match: "**", policy: stable}]}
  - name: production
    files: [production/**]
    publish: pull-request
    images: [{match: "**", policy: stable}]
"""
POD = b"""\
kind: Pod
apiVersion: v1
metadata: {name: shop}
spec:
  containers:
    - {name: a, image: 'api:1.0.0'}
    - {name: b, image: 'web:1.0.0'}
"""
TEST, PRODUCTION = "test/pod.yaml", "production/pod.yaml"
FILES = {"imagebot.yaml": CONFIGURATION, TEST: POD, PRODUCTION: POD}
BOT = "imagebot@users.noreply.github.com"


def pod(api: str, web: str) -> bytes:
    return POD.replace(b"api:1.0.0", f"api:{api}".encode()).replace(
        b"web:1.0.0", f"web:{web}".encode()
    )


@dataclass
class Tags(FakeRegistry):
    """The tags of each repository, by the last part of its name."""

    of: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"api": ("1.0.0", "1.1.0"), "web": ("1.0.0",)}
    )

    def tags(self, repository: Repository) -> tuple[str, ...]:
        return self.of[str(repository).rpartition("/")[2]]


@dataclass
class World:
    bare: BareRepository
    pulls: Path
    setting: PassContext
    tags: Tags

    def run(self) -> PassResult:
        return run_pass(self.setting)

    def press(self, number: int, state: str) -> None:
        path = self.pulls / f"{number}.json"
        path.write_text(json.dumps({**self.pull(number), "state": state}))

    def pull(self, number: int) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads((self.pulls / f"{number}.json").read_text())
        return fields


@pytest.fixture
def world(tmp_path: Path) -> World:
    bare = BareRepository.create(tmp_path / "remote.git", FILES)
    bare.configure("uploadpack.allowFilter", "true")
    return make_world(tmp_path, bare)


def make_world(tmp_path: Path, bare: BareRepository, limits: str = "") -> World:
    text = (
        f"targets: [{{name: shop, url: '{bare.folder.as_uri()}', branch: main{limits},"
        f" forge: {{kind: sandbox, folder: '{tmp_path / 'pulls'}'}}}}]\n"
    )
    tags = Tags()
    setting = PassContext(
        bot=load_bot_configuration(text, "bot.yaml"),
        registry=tags,
        environment=os.environ,
        cache=tmp_path / "cache",
        now=datetime(2026, 11, 1, tzinfo=UTC),
        sleep=lambda seconds: None,
    )
    return World(bare, tmp_path / "pulls", setting, tags)


def statuses(published: Sequence[Published]) -> dict[str, str]:
    return {one.route: one.status for one in published}


def kept(outcome: PassResult, path: str, name: str) -> Kept:
    (found,) = [
        each
        for each in outcome.plan.kept
        if each.field.path == path and each.field.container == name
    ]
    return found


def codes(plan: Plan, path: str) -> set[str]:
    return {each.decision.code for each in plan.kept if each.field.path == path}


@pytest.mark.parametrize("message", ["Update api to 1.1.0 (production) (#1)", "Release 12"])
@pytest.mark.parametrize("back", ["Revert", "by hand", "twice"])
def test_a_rollback_of_a_squash_that_says_nothing_of_the_bot(
    world: World, message: str, back: str
) -> None:
    """GitHub can be set to write only the title of the pull request into the squash."""
    world.run()
    branch = world.pull(1)["branch"]
    world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")}, message=message)
    git(world.bare.folder, "update-ref", "-d", f"refs/heads/{branch}")
    world.press(1, "merged")
    assert codes(world.run().plan, PRODUCTION) == {"current"}

    text = {"by hand": "Go back", "twice": "Go back"}.get(back, f'Revert "{message}"')
    world.bare.commit({PRODUCTION: POD}, message=text)
    if back == "twice":
        world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")}, message="Try again")
        assert codes(world.run().plan, PRODUCTION) == {"current"}
        world.bare.commit({PRODUCTION: POD}, message=text)
    outcome = world.run()
    assert kept(outcome, PRODUCTION, "a").decision.code == "rolled-back"
    assert not (world.pulls / "2.json").exists()

    world.tags.of["api"] = ("1.0.0", "1.1.0", "1.2.0")
    assert statuses(world.run().published)["production"] == "opened"


def test_a_rollback_of_a_commit_holds_until_there_is_a_newer_tag(world: World) -> None:
    world.run()
    assert world.bare.read_files()[TEST] == pod("1.1.0", "1.0.0")
    undone = world.bare.commit({TEST: POD}, message='Revert "Update api to 1.1.0"')
    world.tags.of["web"] = ("1.0.0", "1.2.0")

    outcome = world.run()

    # The other update of the same file is made, and no byte of the held one.
    assert world.bare.read_files()[TEST] == pod("1.0.0", "1.2.0")
    held = kept(outcome, TEST, "a").decision
    assert (held.code, held.reason) == (
        "rolled-back",
        f"rolled back in {undone[:12]} by Alice Example",
    )
    rules = {each.tag: each.rule for each in held.rejections}
    assert rules["1.1.0"] == "rolled-back"
    assert "1.1.0" not in held.candidates
    assert outcome.plan.problems == ()

    world.tags.of["api"] = ("1.0.0", "1.1.0", "1.1.1")
    world.run()
    assert world.bare.read_files()[TEST] == pod("1.1.1", "1.2.0")


def test_what_people_wrote_and_took_back_themselves_is_no_rollback(world: World) -> None:
    world.bare.commit({TEST: pod("1.1.0", "1.0.0")})
    world.bare.commit({TEST: POD})
    world.run()
    assert world.bare.read_files()[TEST] == pod("1.1.0", "1.0.0")


def test_a_rollback_below_a_line_that_was_added(world: World) -> None:
    world.run()
    first = b"  containers:\n"
    added = first + b"    - {name: c, image: 'web:1.0.0'}\n"
    world.bare.commit({TEST: POD.replace(first, added)})
    outcome = world.run()
    assert kept(outcome, TEST, "a").decision.code == "rolled-back"


@pytest.mark.parametrize("email", [BOT, "alice@example.com"])
def test_a_merged_pull_request_that_was_reverted_holds(world: World, email: str) -> None:
    """Merged as it is, or squashed by a person with the bot's message."""
    world.run()
    (branch,) = [ref for ref in world.bare.refs() if "imagebot/" in ref]
    message = world.bare.log(branch.removeprefix("refs/heads/"))[0].message
    world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")}, message=message, email=email)
    world.press(1, "merged")
    world.run()
    world.bare.commit({PRODUCTION: POD}, message=f'Revert "{message}"')
    outcome = world.run()
    assert kept(outcome, PRODUCTION, "a").decision.code == "rolled-back"
    assert not (world.pulls / "2.json").exists()


def test_closing_refuses_its_updates_and_no_others(world: World) -> None:
    world.run()
    world.press(1, "closed")
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    (drafted,) = plan_pass(world.setting)
    assert {each.decision.code for each in drafted.plan.kept if each.field.path == PRODUCTION} == {
        "refused"
    }
    assert not (world.pulls / "2.json").exists()

    outcome = world.run()

    held = kept(outcome, PRODUCTION, "a").decision
    assert (held.code, held.reason) == ("refused", "refused by closing #1")
    second = world.pull(2)
    assert world.bare.read_files(second["branch"])[PRODUCTION] == pod("1.0.0", "1.2.0")
    assert statuses(world.run().published) == {"production": "unchanged"}

    world.tags.of["api"] = ("1.0.0", "1.1.0", "1.3.0")
    world.run()
    assert world.bare.read_files(second["branch"])[PRODUCTION] == pod("1.3.0", "1.2.0")


def test_a_second_branch_of_the_repository_forgets_no_refusal(world: World, tmp_path: Path) -> None:
    """It gives the first target another name, and the URL may be spelt anew on the way."""
    url, pulls = world.bare.folder.as_uri(), tmp_path / "pulls"
    forge = f"forge: {{kind: sandbox, folder: '{pulls}'}}"

    def run(text: str) -> PassResult:
        bot = load_bot_configuration(text, "bot.yaml")
        return run_pass(dataclasses.replace(world.setting, bot=bot))

    first = run(f"targets: [{{url: '{url}', branch: main, {forge}}}]\n")
    world.press(1, "closed")
    world.bare.commit(FILES, branch="next")
    # So that the plan as a whole is not the one that was refused.
    world.tags.of["web"] = ("1.0.0", "1.2.0")

    outcome = run(
        f"targets:\n  - {{url: '{url.removesuffix('.git')}', branch: main, {forge}}}\n"
        f"  - {{url: '{url}', branch: next, {forge}}}\n"
    )

    assert outcome.plan.problems == ()
    (name,) = {each.target.name for each in first.plan.updates}
    assert {each.target.name for each in outcome.plan.updates} == {f"{name}@main", f"{name}@next"}
    held = [each for each in outcome.plan.kept if each.decision.code == "refused"]
    assert [(each.target.name, each.field.container) for each in held] == [(f"{name}@main", "a")]
    (second,) = [
        each
        for each in outcome.published
        if (each.target, each.route) == (f"{name}@main", "production")
    ]
    assert world.bare.read_files(second.branch)[PRODUCTION] == pod("1.0.0", "1.2.0")


def test_what_imagebot_closed_itself_is_not_refused(world: World) -> None:
    """An update that people made by hand, and took back, is proposed again."""
    world.run()
    world.bare.commit({PRODUCTION: pod("1.1.0", "1.0.0")})
    assert statuses(world.run().published) == {"production": "closed"}
    assert world.pull(1)["state"] == "closed"
    world.bare.commit({PRODUCTION: POD})

    outcome = world.run()

    assert [each for each in outcome.plan.kept if each.decision.code == "refused"] == []
    assert statuses(outcome.published) == {"production": "opened"}
    assert world.pull(2)["state"] == "open"


def closed(
    number: int, proposed: Sequence[Update], state: PullRequestState = "closed", **fields: Any
) -> PullRequest:
    """A pull request with these updates in its marker."""
    ids = tuple(update.id for update in proposed)
    plan = plan_hash(proposed)
    marker = PullRequestMarker(route="r", plan=plan, blobs="b", pushed="c", updates=ids)
    body = with_marker("text", dataclasses.replace(marker, **fields))
    return PullRequest(
        number=number, url="", title="", body=body, branch="b", base="main", state=state
    )


ONE, TWO = make_update("a.yaml"), make_update("b.yaml")
MOVED = dataclasses.replace(ONE, field=dataclasses.replace(ONE.field, keys=("x",), line=9))
MANY = ("0" * 12,) * 1000
LOWER = dataclasses.replace(ONE, field=dataclasses.replace(ONE.field, document=3, line=9))


@pytest.mark.parametrize(
    ("pulls", "updates", "found"),
    [
        ([closed(1, [ONE])], [ONE, TWO], {ONE.id: 1}),
        ([closed(1, [ONE, TWO])], [TWO], {TWO.id: 1}),
        # The newest that refuses an update is named; the forge lists it first.
        ([closed(2, [ONE]), closed(1, [ONE, TWO])], [ONE, TWO], {ONE.id: 2, TWO.id: 1}),
        ([closed(1, [ONE], "merged")], [ONE], {}),
        # The latest evidence wins.
        ([closed(2, [ONE], "merged"), closed(1, [ONE])], [ONE], {}),
        ([closed(2, [ONE]), closed(1, [ONE], "merged")], [ONE], {ONE.id: 2}),
        ([closed(3, [ONE], retired=True), closed(2, [ONE]), closed(1, [ONE])], [ONE], {ONE.id: 2}),
        ([closed(1, [ONE], "open")], [ONE], {}),
        ([closed(1, [ONE], retired=True)], [ONE], {}),
        ([closed(2, [ONE], retired=True), closed(1, [ONE])], [ONE], {ONE.id: 1}),
        # Another line, and another place of the file.
        ([closed(1, [ONE])], [LOWER], {ONE.id: 1}),
        ([closed(1, [ONE])], [MOVED], {}),
        # A marker that has no room for all of the ids.
        ([closed(1, [ONE], updates=MANY, left=1)], [ONE], {ONE.id: 1}),
        ([closed(1, [ONE], updates=MANY, left=1)], [ONE, TWO], {}),
        ([dataclasses.replace(closed(1, [ONE]), body="by people")], [ONE], {}),
        ([], [ONE], {}),
    ],
)
def test_which_updates_closed_pull_requests_refuse(
    pulls: list[PullRequest], updates: list[Update], found: dict[str, int]
) -> None:
    ids = tuple(update.id for update in updates)
    refused = refused_by_closing(pulls, ids, plan_hash(updates))
    assert {id_: request.number for id_, request in refused.items()} == found


def test_held_updates_have_their_place_among_the_kept_fields() -> None:
    """In Git's order of paths, then by line and column; other kept fields stay where they are."""

    def at(path: str, line: int, column: int) -> Update:
        update = make_update(path, line=line, keys=(line, column))
        return dataclasses.replace(update, field=dataclasses.replace(update.field, column=column))

    order = [
        at("B.yaml", 1, 1),
        at("a.yaml", 1, 1),
        at("a.yaml", 2, 7),
        at("a.yaml", 2, 13),
        at("a.yaml", 10, 2),
        at("a/b.yaml", 1, 1),
        at("b.yaml", 1, 1),
        at("é.yaml", 1, 1),
    ]
    for held, rest in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        before = [
            Kept(target=each.target, field=each.field, decision=Decision(code="newest", reason=""))
            for each in rest
        ]
        # One that is to be made stays an update.
        plan = Plan(updates=(*held, WANTED), kept=tuple(before))
        vetoes = Vetoes(of={each.id: Veto("refused", "no") for each in held})
        after = apply_vetoes(plan, vetoes)
        assert [each.field for each in after.kept] == [each.field for each in order]
        assert [each.decision.code for each in after.kept if each in before] == ["newest"] * len(
            rest
        )
        assert after.updates == (WANTED,)


WANTED = make_update("wanted.yaml")


def test_a_forge_that_cannot_be_asked_is_a_problem(world: World) -> None:
    world.pulls.mkdir()
    (world.pulls / "1.json").write_text("{")
    outcome = world.run()
    assert [(one.scope, one.code) for one in outcome.plan.problems] == [("target", "forge")]
    assert statuses(outcome.published) == {"test": "committed"}
    assert kept(outcome, PRODUCTION, "a").decision.code == "forge"


def test_what_is_proposed_already_does_not_count(world: World, tmp_path: Path) -> None:
    files = {TEST: None, PRODUCTION: pod("1.0.0", "1.0.0")}
    world.bare.commit(files)
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    assert statuses(world.run().published) == {"production": "opened"}
    world.bare.commit({TEST: pod("1.0.0", "1.2.0")})
    limited = make_world(tmp_path, world.bare, ", limits: {max-updates: 1}")
    limited.tags.of["web"] = ("1.0.0", "1.2.0")
    outcome = limited.run()
    assert outcome.plan.problems == ()
    assert statuses(outcome.published) == {"test": "committed", "production": "unchanged"}


@pytest.mark.parametrize("people", [False, True])
def test_the_pull_request_of_a_route_that_is_gone(world: World, people: bool) -> None:
    world.run()
    branch = world.pull(1)["branch"]
    if people:
        world.bare.commit({"README.md": b"mine\n"}, branch=branch)
    renamed = CONFIGURATION.replace(b"name: production", b"name: live")
    world.bare.commit({"imagebot.yaml": renamed})
    outcome = world.run()
    assert outcome.plan.problems == ()
    assert world.pull(2)["state"] == "open"
    assert (world.bare.head(branch) is not None) is people
    assert world.pull(1)["state"] == ("open" if people else "closed")


def test_a_marker_of_an_older_version_closes_nothing(world: World) -> None:
    world.run()
    old = world.pull(1)
    known = read_marker(old["body"])
    assert known is not None
    old["body"] = old_marker(known, configuration=None)
    (world.pulls / "1.json").write_text(json.dumps(old))
    world.bare.commit({"imagebot.yaml": CONFIGURATION.replace(b"production\n", b"live\n", 1)})
    world.run()
    assert world.pull(1)["state"] == "open"


@pytest.fixture
def hub(forge: Forge, tmp_path: Path) -> Callable[[], PassResult]:
    url = forge.make_repository(files=dict(FILES))
    text = (
        f"targets: [{{name: shop, url: '{url}', branch: main, credential: it,"
        f" forge: {{kind: github, url: '{forge.api_url}'}}}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
    )
    world = make_world(tmp_path, forge.git.repository("acme/gitops"))
    setting = dataclasses.replace(
        world.setting,
        bot=load_bot_configuration(text, "bot.yaml"),
        environment={**os.environ, "TOKEN": forge.bot_token},
    )
    world.tags.of["web"] = ("1.0.0", "1.2.0")
    return lambda: run_pass(setting)


def test_on_github(hub: Callable[[], PassResult], forge: Forge) -> None:
    hub()
    (first,) = forge.pull_requests()
    forge.close("acme/gitops", first["number"])
    outcome = hub()
    assert {each.decision.code for each in outcome.plan.kept if each.field.path == PRODUCTION} == {
        "refused"
    }
    assert forge.pull_requests() == []


def test_a_route_that_is_gone_on_github(hub: Callable[[], PassResult], forge: Forge) -> None:
    hub()
    (first,) = forge.pull_requests()
    renamed = CONFIGURATION.replace(b"name: production", b"name: live")
    forge.commit("acme/gitops", {"imagebot.yaml": renamed})
    hub()
    (second,) = forge.pull_requests()
    assert second["number"] != first["number"]
    assert len(forge.comments("acme/gitops", first["number"])) == 1
