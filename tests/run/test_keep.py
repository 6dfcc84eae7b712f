"""After publishing, the next pass finds its head unchanged, and does what it would without it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.errors import GitError, RegistryError
from imagebot.git.runner import Result, Runner
from imagebot.plan.edits import PlanWithEdits
from imagebot.publish.publish import publish_plan
from imagebot.registry.memo import Memo
from imagebot.run import keep, passes
from imagebot.run.passes import PassContext, PassResult, plan_pass, run_pass
from tests.run.test_commits import APP, configuration, pod
from tests.support.fake_registry import FakeRegistry, digest_of
from tests.support.git_repository import BareRepository, Entry, Symlink

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILES: dict[str, Entry] = {
    "imagebot.yaml": configuration("commit").encode(),
    "a.yaml": pod("app:1.0.0"),
    "deep/er/b.yaml": pod("app:1.0.0"),
    "deep/same.yaml": pod("other:1"),
    "chart/Chart.yaml": b"apiVersion: v2\nname: api\nversion: 1.0.0\n",
    "chart/values.yaml": b"image: {repository: app, tag: 1.0.0}\n",
    "chart/values-prod.yaml": b"image: {tag: 1.0.0}\n",
    "broken.yaml": b"image: [\n",
    "link.yaml": Symlink("/etc/passwd"),
}
PATTERNS = ("trees/*.trees", "scans/*.scans", "written/*.written", "git/*/imagebot-listing-*")


@dataclass
class Target:
    """A remote, bots with caches, and a registry; `started` are the git commands."""

    folder: Path
    bare: BareRepository
    started: list[str]
    tags: tuple[str, ...] = ("1.0.0", "1.1.0")
    points: dict[str, str] = field(default_factory=dict)
    limits: str = ""
    down: RegistryError | None = None

    def context(self, cache: str) -> PassContext:
        url = self.bare.folder.as_uri()
        text = f"targets: [{{url: '{url}', branch: main, {self.limits}}}]\n"
        tags = {APP: self.down or self.tags, APP.replace("app", "other"): ("1",)}
        registry = FakeRegistry(tags, self.points)
        return PassContext(
            bot=load_bot_configuration(text, "bot.yaml"),
            registry=Memo(registry).for_pass(),
            environment={"PATH": "/usr/bin:/bin"},
            cache=self.folder / cache,
            now=NOW,
            sleep=lambda _seconds: None,
        )

    def run(self, cache: str = "cache") -> PassResult:
        return run_pass(self.context(cache))

    def publish(self, cache: str = "cache") -> None:
        assert [each.status for each in self.run(cache).published] == ["committed"]

    def plan(self, cache: str = "cache") -> tuple[PlanWithEdits, ...]:
        self.started.clear()
        return plan_pass(self.context(cache))

    def plan_without(self) -> tuple[PlanWithEdits, ...]:
        """With nothing kept."""
        shutil.rmtree(self.folder / "fresh", ignore_errors=True)
        return self.plan("fresh")

    def kept(self, cache: str = "cache") -> dict[str, bytes]:
        """What is kept, apart from the order of the scans."""
        found = {path: path.read_bytes() for path in self.paths(cache)}
        assert len(found) == len(PATTERNS)
        return {path.name: b"" if path.suffix == ".scans" else found[path] for path in found}

    def paths(self, cache: str = "cache") -> list[Path]:
        return [path for each in PATTERNS for path in (self.folder / cache).glob(each)]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    started: list[str] = []
    run = Runner._run

    def noting(self: Runner, args: tuple[str, ...], *rest: Any) -> Result:
        started.append(args[0])
        return run(self, args, *rest)

    monkeypatch.setattr(Runner, "_run", noting)
    bare = BareRepository.create(tmp_path / "remote.git", FILES)
    bare.configure("uploadpack.allowFilter", "true")
    bare.configure("uploadpack.allowAnySHA1InWant", "true")
    return Target(tmp_path, bare, started)


def test_the_next_pass_takes_one_command(target: Target) -> None:
    target.publish()
    assert target.started.count("ls-remote") == 1
    for _ in range(2):
        target.started.clear()
        assert target.run().published == ()
        assert target.started == ["ls-remote"]


def test_what_is_kept_is_what_the_next_pass_would_find(target: Target) -> None:
    """Also the digests in the history, and what layers of Helm values give each other."""
    target.points = {"1.1.0": digest_of("old")}
    target.publish()
    kept = target.kept()
    planned = target.plan()
    assert target.started == ["ls-remote"]
    assert planned == target.plan_without()
    assert kept == target.kept() == target.kept("fresh")
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in target.paths())
    # And the digest that was written is missed once the tag has another.
    target.points = {"1.1.0": digest_of("new")}
    moved = target.plan()
    assert target.started == ["ls-remote"]
    assert moved == target.plan_without() != planned


def again(target: Target) -> None:
    target.tags = (*target.tags, "1.2.0")
    target.publish()


def person(target: Target) -> None:
    target.bare.commit({"a.yaml": pod("app:1.0.0"), "new.yaml": pod("app:1.0.0"), "deep": None})


def other_rules(target: Target) -> None:
    text = configuration("commit", more="files: {exclude: ['a.yaml']}\n")
    target.bare.commit({"imagebot.yaml": text.encode()})


def taken_back(target: Target) -> None:
    target.bare.move("main", f"{target.bare.head()}~1")


def another_bot(target: Target) -> None:
    target.tags = (*target.tags, "1.2.0")
    target.publish("other")


HAPPENS = (again, person, other_rules, taken_back, another_bot)


@pytest.mark.parametrize("happens", HAPPENS, ids=lambda each: each.__name__)
def test_whatever_happens_the_result_is_the_same(
    target: Target, happens: Callable[[Target], None]
) -> None:
    target.publish()
    happens(target)
    assert target.plan() == target.plan_without()
    assert target.kept() == target.kept("fresh")


def test_two_bots_that_take_turns(target: Target) -> None:
    for number in range(1, 5):
        target.tags = (*target.tags, f"1.{number + 1}.0")
        target.publish(f"bot-{number % 2}")
        for bot in ("bot-0", "bot-1"):
            assert target.plan(bot) == target.plan_without()


def test_a_lost_race(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person pushes between the look and the push."""
    pushes = iter([person])

    def with_push(*arguments: Any, **named: Any) -> Any:
        for push in pushes:
            push(target)
            break
        return publish_plan(*arguments, **named)

    monkeypatch.setattr("imagebot.publish.publish.publish_plan", with_push)
    target.publish()
    planned = target.plan()
    assert target.started == ["ls-remote"]
    assert planned == target.plan_without()
    assert target.kept() == target.kept("fresh")


@pytest.mark.parametrize("at", range(5))
def test_killed_while_it_keeps(target: Target, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each file that is put in its place after the push, and before the first of them."""
    child = os.fork()
    if not child:
        _publish_and_die(target, at, monkeypatch)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert target.bare.read_files()["a.yaml"] == pod("app:1.1.0")
    assert target.plan() == target.plan_without()
    assert target.kept() == target.kept("fresh")


def _publish_and_die(target: Target, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(range(at))
    put = Path.replace

    def counted(self: Path, other: Path) -> Path:
        if "push" in target.started and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return put(self, other)

    monkeypatch.setattr(Path, "replace", counted)
    try:
        target.run()
        # Where all files were in their places already.
        os.kill(os.getpid(), signal.SIGKILL)
    finally:
        os._exit(1)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped", "a folder"])
def test_damage_heals(target: Target, pattern: str, damage: str) -> None:
    target.publish()
    (path,) = (target.folder / "cache").glob(pattern)
    whole = path.read_bytes()
    path.unlink()
    flipped = bytes([*whole[:-1], whole[-1] ^ 1]) if whole else b"x"
    if damage == "a folder":
        path.mkdir()
    elif damage != "gone":
        path.write_bytes({"empty": b"", "cut": whole[:-1], "flipped": flipped}[damage])
    assert target.plan() == target.plan_without()
    if path.is_file():
        assert target.kept() == target.kept("fresh")


def test_a_large_commit_is_left_to_the_next_pass(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "_MOST_FILES", 1)
    target.publish()
    planned = target.plan()
    # Only the files are read.
    assert set(target.started) == {"ls-remote", "cat-file"}
    assert planned == target.plan_without()


def test_what_cannot_be_kept_is_no_problem(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise GitError("x", "no reason")

    monkeypatch.setattr(keep, "kept_inventory", fail)
    result = target.run()
    assert [each.status for each in result.published] == ["committed"]
    assert {each.scope for each in result.plan.problems} == {"file"}
    assert target.plan() == target.plan_without()


def test_nothing_is_kept_of_a_head_that_was_not_made_here(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of pull requests, whose branches are not the head."""
    rules = configuration("pull-request")
    target.bare.commit({"imagebot.yaml": rules.encode()})
    called: list[str] = []
    monkeypatch.setattr(keep, "keep_written", lambda *_: called.append("kept"))
    context = target.context("cache")
    pulls = {"kind": "sandbox", "folder": str(target.folder / "pulls")}
    text = f"targets: [{{url: '{target.bare.folder.as_uri()}', branch: main, forge: {pulls}}}]\n"
    context = replace(context, bot=load_bot_configuration(text, "bot.yaml"))
    assert [each.status for each in passes.run_pass(context).published] == ["opened"]
    assert called == []


@pytest.mark.parametrize("folder", ["trees", "asked", "scans", "written"])
def test_what_killed_passes_have_left_is_removed(folder: str, target: Target) -> None:
    """Whatever target it was of; not what another process may be writing now."""
    target.publish()
    target.run()
    kept = target.folder / "cache" / folder
    written = {path.name for path in kept.iterdir()}
    for name, age in ((".imagebot-old", 2 * 3600), (".imagebot-new", 60), ("other", 2 * 3600)):
        (kept / name).write_bytes(b"half")
        os.utime(kept / name, times=(NOW.timestamp() - age,) * 2)
    (kept / ".imagebot-link").symlink_to(kept / "other")
    target.run()
    assert written
    assert {path.name for path in kept.iterdir()} == {
        *written,
        ".imagebot-new",
        "other",
        ".imagebot-link",
    }
