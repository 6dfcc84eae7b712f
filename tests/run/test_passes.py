"""Passes over targets: what fails is isolated, told, and leaves the rest done."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.parallel.turns import Turns
from imagebot.plan.build import Built, build
from imagebot.reference import Repository
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, plan_pass, run_pass
from imagebot.scan.checkout import CheckoutSource
from tests.support.fake_registry import FakeRegistry
from tests.support.git_repository import BareRepository, Entry, Symlink
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, Request, ScriptedServer

CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: stable}]}]
"""
MANIFEST = b"kind: Pod\napiVersion: v1\nspec:\n  containers: [{name: a, image: 'app:1.0.0'}]\n"
AFTER = MANIFEST.replace(b"1.0.0", b"1.1.0")
FILES = {"imagebot.yaml": CONFIGURATION, "app.yaml": MANIFEST}
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class FixedTags(FakeRegistry):
    """Every repository has two tags. `meanwhile` is called with the number of each listing."""

    meanwhile: Callable[[int], None] = lambda number: None

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self._note("tags", repository)
        self.meanwhile(self.listings)
        return ("1.0.0", "1.1.0")

    @property
    def listings(self) -> int:
        return self.count("tags")


@pytest.fixture
def setting(tmp_path: Path, git_server: GitServer) -> Callable[..., PassContext]:
    """A setting for the text of a bot's own file, in which TOKEN is the environment's."""

    def make(text: str, registry: FixedTags | None = None) -> PassContext:
        return PassContext(
            bot=load_bot_configuration(text, "bot.yaml"),
            registry=Memo(registry or FixedTags()).for_pass(),
            environment={"TOKEN": git_server.token, "PATH": "/usr/bin:/bin"},
            cache=tmp_path / "cache",
            now=NOW,
            sleep=lambda seconds: None,
        )

    return make


def bot_text(*urls: str, more: str = "", credential: str = "env: TOKEN") -> str:
    targets = "\n".join(f"  - {{url: '{url}', branch: main, credential: it{more}}}" for url in urls)
    return f"targets:\n{targets}\ncredentials: {{git: {{it: {{token: {{{credential}}}}}}}}}\n"


def codes(outcome: PassResult) -> list[tuple[str, str]]:
    return [(problem.scope, problem.code) for problem in outcome.plan.problems]


Make = Callable[..., PassContext]


def test_a_commit(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    outcome = run_pass(setting(bot_text(url)))
    assert codes(outcome) == []
    assert outcome.head_room == {}
    assert [entry.status for entry in outcome.published] == ["committed"]
    assert git_server.read_files("one") == {**FILES, "app.yaml": AFTER}


def test_a_target_that_fails_leaves_the_others_done(git_server: GitServer, setting: Make) -> None:
    good = git_server.make_repository("good", FILES)
    broken = git_server.make_repository("broken", {**FILES, "imagebot.yaml": b"routes: 7\n"})
    bare = git_server.make_repository("bare", {"app.yaml": MANIFEST})
    gone = git_server.url_of("gone")
    nowhere = "http://127.0.0.1:1/x.git"
    outcome = run_pass(setting(bot_text(gone, broken, good, bare, nowhere)))
    by_subject = {problem.subject: problem for problem in outcome.plan.problems}
    # In the order of the targets, one for each.
    assert [(problem.subject, problem.code) for problem in outcome.plan.problems] == [
        ("gone", "git"),
        ("broken", "configuration"),
        ("bare", "configuration"),
        ("x", "git-unreachable"),
    ]
    assert "imagebot.yaml:1:9" in by_subject["broken"].message
    assert "imagebot init" in by_subject["bare"].hint
    assert "check the target's URL" in by_subject["gone"].hint
    assert "check the URL and the network" in by_subject["x"].hint
    assert [(entry.target, entry.status) for entry in outcome.published] == [("good", "committed")]
    assert git_server.read_files("good")["app.yaml"] == AFTER


def test_a_git_server_that_stalls_stops_no_other_target(
    git_server: GitServer,
    setting: Make,
    start_scripted: Callable[..., ScriptedServer],
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    released = threading.Event()

    def stall(_: Request) -> Answer:
        released.wait()
        return Answer(404)

    stalled = f"{start_scripted(stall).url}/stalled.git"
    good = git_server.make_repository("good", FILES)
    context = replace(setting(bot_text(stalled, good)), turns=Turns(1))
    outcomes: list[PassResult] = []
    running = threading.Thread(target=lambda: outcomes.append(run_pass(context)))
    running.start()
    try:
        wait_until(lambda: git_server.read_files("good")["app.yaml"] == AFTER)
        assert not outcomes
    finally:
        released.set()
        running.join()
    assert [(each.subject, each.code) for each in outcomes[0].plan.problems] == [("stalled", "git")]


def test_a_push_that_stalls_stops_no_other_target(
    git_server: GitServer,
    setting: Make,
    tmp_path: Path,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    stalled = git_server.make_repository("stalled", FILES)
    gate, began = tmp_path / "gate", tmp_path / "began"
    os.mkfifo(gate)
    opened = os.open(gate, os.O_RDWR)
    script = f"#!/bin/sh\ntouch '{began}'\nread line < '{gate}'\n"
    git_server.repository("stalled").install_hook("pre-receive", script)
    good = git_server.make_repository("good", FILES)
    turns = Turns(1)
    outcomes: list[PassResult] = []

    def run(url: str) -> None:
        outcomes.append(run_pass(replace(setting(bot_text(url)), turns=turns)))

    threads = [threading.Thread(target=run, args=(url,)) for url in (stalled, good)]
    threads[0].start()
    try:
        wait_until(began.exists)
        threads[1].start()
        wait_until(lambda: git_server.read_files("good")["app.yaml"] == AFTER)
        assert git_server.read_files("stalled") == FILES
    finally:
        os.write(opened, b"go on\n")
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        os.close(opened)
    assert [codes(outcome) for outcome in outcomes] == [[], []]
    assert git_server.read_files("stalled")["app.yaml"] == AFTER


def test_a_wrong_credential(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    wrong = replace(setting(bot_text(url)), environment={"TOKEN": "wr0ng-canary"})
    outcome = run_pass(wrong)
    assert codes(outcome) == [("target", "git-auth")]
    assert outcome.plan.problems[0].target == "one"
    assert "wr0ng-canary" not in str(outcome)


def test_a_credential_that_is_not_there(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    outcome = run_pass(setting(bot_text(url, credential="file: /nowhere/token")))
    assert codes(outcome) == [("target", "credential")]
    assert "/nowhere/token" in outcome.plan.problems[0].message


def test_a_protected_branch(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    git_server.repository("one").protect("main")
    outcome = run_pass(setting(bot_text(url)))
    assert codes(outcome) == [("change", "push-rejected")]
    assert "pull-request" in outcome.plan.problems[0].hint
    assert [entry.status for entry in outcome.published] == ["failed"]
    assert git_server.read_files("one") == FILES


def test_a_push_that_lost_a_race_is_planned_again(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", {**FILES, "new.yaml": MANIFEST})
    bare = git_server.repository("one")
    once = threading.Event()

    def meanwhile(number: int) -> None:
        if not once.is_set():
            once.set()
            bare.commit({"app.yaml": MANIFEST + b"# mine\n", "new.yaml": None})

    registry = FixedTags(meanwhile=meanwhile)
    outcome = run_pass(setting(bot_text(url), registry))
    assert codes(outcome) == []
    assert [entry.status for entry in outcome.published] == ["committed"]
    expected = {"imagebot.yaml": CONFIGURATION, "app.yaml": AFTER + b"# mine\n"}
    assert git_server.read_files("one") == expected
    assert registry.listings == 1


@pytest.mark.parametrize(
    ("touched", "planned"),
    [
        ({"README.md": b"mine\n"}, 1),
        ({"src/main.go": b"package main\n", "README.md": None}, 1),
        ({"other.yaml": MANIFEST + b"# mine\n"}, 2),
        ({"new.yaml": MANIFEST}, 2),
        ({"other.yaml": None}, 2),
        ({"imagebot.yaml": CONFIGURATION + b"# mine\n"}, 2),
        ({"link.yaml": Symlink("/etc/passwd")}, 2),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_after_a_lost_push_only_what_it_touched_is_planned_again(
    touched: dict[str, Entry | None],
    planned: int,
    git_server: GitServer,
    setting: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {**FILES, "other.yaml": MANIFEST.replace(b"app", b"other"), "README.md": b"# acme\n"}
    url = git_server.make_repository("one", files)
    bare = git_server.repository("one")
    plans: list[str] = []

    def meanwhile(number: int) -> None:
        if number == 1:
            bare.commit(touched)

    def counted(source: CheckoutSource, *args: Any, **options: Any) -> Built:
        plans.append(source.checkout.head)
        return build(source, *args, **options)

    monkeypatch.setattr("imagebot.run.head.build", counted)
    outcome = run_pass(setting(bot_text(url), FixedTags(meanwhile=meanwhile)))
    assert [entry.status for entry in outcome.published] == ["committed"]
    assert len(plans) == planned
    after = {**files, **touched}
    for path, data in after.items():
        if isinstance(data, bytes) and data.startswith(MANIFEST[:10]):
            after[path] = data.replace(b"1.0.0", b"1.1.0")
    expected = {path: data for path, data in after.items() if isinstance(data, bytes)}
    found = git_server.read_files("one")
    assert {path: found[path] for path in expected} == expected
    assert len(bare.log()) == 3


def block(bare: BareRepository) -> Path:
    """What another push holds while it moves the branch: git refuses ours without waiting long."""
    lock = bare.folder / "refs" / "heads" / "main.lock"
    lock.touch()
    return lock


@pytest.mark.parametrize("lost", [2, 20])
def test_a_push_at_the_same_time_is_planned_again(
    lost: int, git_server: GitServer, setting: Make
) -> None:
    """Seen as a lock, not as a branch that has moved on."""
    url = git_server.make_repository("one", FILES)
    bare = git_server.repository("one")
    lock = block(bare)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == lost:
            lock.unlink()

    outcome = run_pass(replace(setting(bot_text(url)), sleep=sleep))
    assert codes(outcome) == []
    assert [entry.status for entry in outcome.published] == ["committed"]
    assert git_server.read_files("one") == {**FILES, "app.yaml": AFTER}
    assert len(slept) == lost


def test_a_race_that_is_never_won_is_given_up(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    lock = block(git_server.repository("one"))
    slept: list[float] = []
    outcome = run_pass(replace(setting(bot_text(url)), sleep=slept.append))
    lock.unlink()
    assert codes(outcome) == [("target", "push-rejected")]
    assert "somebody else is pushing at the same time" in outcome.plan.problems[0].message
    assert outcome.published == ()
    # 24 tries, with pauses that are shorter than twice as long each time, and than 4 seconds.
    longest = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, *[4.0] * 17]
    assert len(slept) == len(longest)
    assert all(0 <= pause <= most for pause, most in zip(slept, longest, strict=True))
    assert len(set(slept)) > 1
    assert git_server.read_files("one") == FILES


def test_a_paused_target_is_planned_and_not_published(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    outcome = run_pass(setting(bot_text(url, more=", paused: incident 42")))
    assert len(outcome.plan.updates) == 1
    assert outcome.published == ()
    assert any("incident 42" in warning for warning in outcome.plan.warnings)
    assert git_server.read_files("one") == FILES


def test_limits_keep_images_and_files(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    registry = FixedTags()
    outcome = run_pass(setting(bot_text(url, more=", limits: {images: [ghcr.io/**]}"), registry))
    assert [kept.decision.code for kept in outcome.plan.kept] == ["outside-limits"]
    assert registry.listings == 0
    outcome = run_pass(setting(bot_text(url, more=", limits: {commit: [other/**]}")))
    assert codes(outcome) == [("file", "limit-commit")]
    assert git_server.read_files("one") == FILES


def test_a_captured_name_stays_within_the_limits(git_server: GitServer, setting: Make) -> None:
    more = b"fields: [{files: ['tags/{host}/{app}'], tag: t, image: '{host}/acme/{app}'}]\n"
    tags = {"tags/ghcr.io/api": b"t: 1.0.0\n", "tags/evil.example/api": b"t: 1.0.0\n"}
    url = git_server.make_repository("one", {"imagebot.yaml": CONFIGURATION + more, **tags})
    registry = FixedTags()
    outcome = run_pass(setting(bot_text(url, more=", limits: {images: [ghcr.io/**]}"), registry))
    assert [update.field.path for update in outcome.plan.updates] == ["tags/ghcr.io/api"]
    assert [kept.decision.code for kept in outcome.plan.kept] == ["outside-limits"]
    assert registry.listings == 1
    assert git_server.read_files("one")["tags/ghcr.io/api"] == b"t: 1.1.0\n"


def test_an_update_that_cannot_be_made_does_not_count(git_server: GitServer, setting: Make) -> None:
    """It is reported, and the others are within the limit."""
    escaped = MANIFEST.replace(b"'app:1.0.0'", b'"app:1.0.\\u0030"')
    url = git_server.make_repository("one", {**FILES, "b.yaml": escaped})
    outcome = run_pass(setting(bot_text(url, more=", limits: {max-updates: 1}")))
    assert [problem.path for problem in outcome.plan.problems] == ["b.yaml"]
    assert [entry.status for entry in outcome.published] == ["committed"]
    assert git_server.read_files("one")["app.yaml"] == AFTER


def test_commits_need_no_forge(git_server: GitServer, setting: Make) -> None:
    """A forge that cannot be used is a problem of those who open pull requests."""
    url = git_server.make_repository("one", FILES)
    outcome = run_pass(setting(bot_text(url, more=", forge: {kind: github}")))
    assert codes(outcome) == []
    assert [entry.status for entry in outcome.published] == ["committed"]


def test_targets_share_what_is_asked(git_server: GitServer, setting: Make) -> None:
    urls = [git_server.make_repository(name, FILES) for name in ("one", "two", "three")]
    registry = FixedTags()
    run_pass(setting(bot_text(*urls), registry))
    assert registry.listings == 1


def test_a_draft_publishes_nothing(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", FILES)
    (drafted,) = plan_pass(setting(bot_text(url)))
    assert [change.new for change in drafted.changes] == [AFTER]
    assert git_server.read_files("one") == FILES


def test_a_configuration_that_is_a_link_is_not_replaced_by_the_bots(
    git_server: GitServer, setting: Make
) -> None:
    files: dict[str, Entry] = {"app.yaml": MANIFEST, "imagebot.yaml": Symlink("app.yaml")}
    url = git_server.make_repository("one", files)
    outcome = run_pass(setting(bot_text(url) + CONFIGURATION.decode()))
    (problem,) = outcome.plan.problems
    assert "imagebot.yaml: cannot be read on main: it is a symbolic link" in problem.message
    assert git_server.read_files("one")["app.yaml"] == MANIFEST


def test_a_configuration_with_the_bot(git_server: GitServer, setting: Make) -> None:
    url = git_server.make_repository("one", {"app.yaml": MANIFEST})
    outcome = run_pass(setting(bot_text(url) + CONFIGURATION.decode()))
    assert codes(outcome) == []
    assert git_server.read_files("one") == {"app.yaml": AFTER}
