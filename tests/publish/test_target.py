from __future__ import annotations

import dataclasses

import pytest

from imagebot.config.model import Configuration
from imagebot.errors import ForgeError, PushRejectedError
from imagebot.files.rewrite import FileChange
from imagebot.forge.sandbox import SandboxForge
from imagebot.manifest.edit import edit
from imagebot.manifest.scan import scan
from imagebot.plan.model import Plan, Published, Update
from imagebot.problem import Problem
from imagebot.publish.changes import changes_of
from imagebot.publish.publish import edits_of, publish_plan
from tests.publish.conftest import BOT, Bot, context_of, make_route
from tests.publish.updates import make_update
from tests.support.git_repository import BareRepository

POD = b"""apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  containers:
    - {name: a, image: "ghcr.io/acme/api:1.0.0"}  # keep
    - {name: b, image: nginx:1.0.0}
"""
TEST_POD = "clusters/test/pod.yaml"
POD_FILE = "clusters/production/pod.yaml"
NEW = {"a": b"ghcr.io/acme/api:1.1.0", "b": b"nginx:2.0.0"}


def updates_of(path: str, route: str) -> tuple[Update, ...]:
    """Both images of the pod, as they really stand there."""
    fields = scan(path, POD).fields
    assert [field.container for field in fields] == ["a", "b"]
    made = (
        make_update(path, route=route, tag="1.1.0"),
        make_update(path, route=route, tag="2.0.0"),
    )
    return tuple(dataclasses.replace(u, field=f) for u, f in zip(made, fields, strict=True))


def file_of(path: str, updates: tuple[Update, ...]) -> FileChange:
    new = edit(path, POD, [update.edit for update in updates])
    return FileChange(path, POD, new, tuple(update.id for update in updates))


def configuration(group: str = "all") -> Configuration:
    routes = (make_route("test", "commit"), make_route("production", group=group))
    return Configuration(path="imagebot.yaml", policies={}, routes=routes, commit=BOT)


@pytest.fixture
def target(bot: Bot, bare: BareRepository) -> Bot:
    bare.commit({POD_FILE: POD, TEST_POD: POD})
    return bot


def publish(
    bot: Bot, *updates: Update, group: str = "all", problems: tuple[Problem, ...] = ()
) -> tuple[tuple[Published, ...], tuple[Problem, ...]]:
    checkout = bot.open()
    checkout.refresh()
    files = [
        file_of(path, tuple(update for update in updates if update.field.path == path))
        for path in dict.fromkeys(update.field.path for update in updates)
    ]
    outcome = publish_plan(
        Plan(updates=updates, problems=problems),
        files,
        configuration(group),
        context_of(checkout, bot.forge),
        target="acme/gitops",
    )
    return outcome.published, outcome.problems


def test_a_commit_and_a_pull_request(target: Bot, bare: BareRepository) -> None:
    updates = (*updates_of(TEST_POD, "test"), *updates_of(POD_FILE, "production"))
    published, problems = publish(target, *updates)
    assert problems == ()
    assert [one.status for one in published] == ["committed", "opened"]
    assert NEW["a"] in bare.read_files()[TEST_POD]
    assert bare.read_files()[POD_FILE] == POD
    proposed = bare.read_files(published[1].branch)
    assert NEW["a"] in proposed[POD_FILE]
    assert NEW["b"] in proposed[POD_FILE]
    # The pull request starts from the commit that was just made.
    assert bare.log(published[1].branch)[1].sha == published[0].commit


def test_pull_requests_that_share_a_file(target: Bot, bare: BareRepository) -> None:
    """Each has its own image's new tag, and the other's old one."""
    published, problems = publish(target, *updates_of(POD_FILE, "production"), group="repository")
    assert problems == ()
    assert [one.status for one in published] == ["opened", "opened"]
    one, other = (bare.read_files(each.branch)[POD_FILE] for each in published)
    assert one == POD.replace(b"ghcr.io/acme/api:1.0.0", NEW["a"])
    assert other == POD.replace(b"nginx:1.0.0", NEW["b"])


def test_edits_are_those_of_the_change() -> None:
    updates = updates_of(POD_FILE, "production")
    file = file_of(POD_FILE, updates)
    routes = configuration("repository").routes
    first, second = changes_of(Plan(updates=updates), routes, target="t", base="main")
    assert edits_of(first, [file])[POD_FILE].count(b"1.0.0") == 1
    whole = dataclasses.replace(first, updates=updates)
    assert edits_of(whole, [file]) == {POD_FILE: file.new}
    assert edits_of(dataclasses.replace(second, updates=()), [file]) == {}


def test_what_fails_stops_nothing_else(target: Bot, bare: BareRepository) -> None:
    bare.protect("main")
    updates = (*updates_of(TEST_POD, "test"), *updates_of(POD_FILE, "production"))
    published, problems = publish(target, *updates)
    assert [one.status for one in published] == ["failed", "opened"]
    (problem,) = problems
    assert (problem.scope, problem.code) == ("change", "push-rejected")
    assert "publish: pull-request" in problem.hint


def test_a_lost_race_comes_before_any_pull_request(
    target: Bot, bare: BareRepository, sandbox: SandboxForge
) -> None:
    updates = (*updates_of(TEST_POD, "test"), *updates_of(POD_FILE, "production"))
    checkout = target.open()
    checkout.refresh()
    bare.commit({"README.md": b"moved\n"})
    files = [file_of(TEST_POD, updates[:2]), file_of(POD_FILE, updates[2:])]
    with pytest.raises(PushRejectedError) as caught:
        publish_plan(
            Plan(updates=updates),
            files,
            configuration(),
            context_of(checkout, sandbox),
            target="acme/gitops",
        )
    assert caught.value.kind == "behind"
    assert not sandbox.folder.exists()


def test_pull_requests_of_updates_that_are_over_are_closed(
    target: Bot, sandbox: SandboxForge, bare: BareRepository
) -> None:
    updates = updates_of(POD_FILE, "production")
    publish(target, *updates, group="repository")
    bare.commit({POD_FILE: POD.replace(b"    - {name: b, image: nginx:1.0.0}\n", b"")})
    published, problems = publish(target, updates[0], group="repository")
    assert problems == ()
    assert [one.status for one in published] == ["updated", "closed"]
    assert sandbox.find(published[1].branch) is None


def test_what_the_plan_does_not_have_is_kept(target: Bot, sandbox: SandboxForge) -> None:
    updates = updates_of(POD_FILE, "production")
    opened, _ = publish(target, *updates, group="repository")
    problem = Problem(scope="repository", subject="nginx", code="registry", message="down")
    published, problems = publish(target, problems=(problem,), group="repository")
    assert problems == ()
    assert [one.status for one in published] == ["updated", "updated"]
    assert all(sandbox.find(one.branch) for one in opened)


def test_a_forge_that_is_away(
    target: Bot, sandbox: SandboxForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(SandboxForge):
        def find(self, branch: str) -> None:
            raise ForgeError(self.project, "away")

    target.forge = Away(sandbox.folder, sandbox.project, sandbox.base)
    updates = (*updates_of(TEST_POD, "test"), *updates_of(POD_FILE, "production"))
    published, problems = publish(target, *updates)
    assert [one.status for one in published] == ["committed", "failed"]
    assert [problem.code for problem in problems] == ["forge"]
