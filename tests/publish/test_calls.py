"""How much a pass asks for: the forge's lists and the target's files do not grow with its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from imagebot.forge import connect
from imagebot.forge.model import ForgeLimits, PullRequest
from imagebot.forge.sandbox import SandboxForge
from imagebot.git.checkout import Checkout
from imagebot.git.tree import TreeFile
from tests.publish.world import CONFIGURATION, World, configuration, make_world, pod

NAMES = [f"r.example/app{number}" for number in range(12)]


class Counting(SandboxForge):
    calls: ClassVar[Counter[str]]

    @property
    def limits(self) -> ForgeLimits:
        """As on GitHub."""
        return replace(super().limits, closes_with_branch=True)

    def find(self, branch: str) -> PullRequest | None:
        self.calls["find"] += 1
        return super().find(branch)

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        self.calls["find_closed"] += 1
        return super().find_closed(branch)

    def list_open(self, prefix: str) -> tuple[PullRequest, ...]:
        self.calls["list_open"] += 1
        return super().list_open(prefix)

    def list_closed(self, prefix: str, *, most: int) -> Iterator[PullRequest]:
        self.calls["list_closed"] += 1
        return super().list_closed(prefix, most=most)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is asked of the forge, and how often a checkout's files are listed."""
    found: Counter[str] = Counter()
    monkeypatch.setattr(Counting, "calls", found, raising=False)
    forge = {**connect.FORGES, "sandbox": lambda *_: Counting(tmp_path / "pulls", "shop", "main")}
    monkeypatch.setattr(connect, "FORGES", forge)
    files = Checkout.files

    def count(checkout: Checkout) -> tuple[TreeFile, ...]:
        found["files"] += 1
        return files(checkout)

    monkeypatch.setattr(Checkout, "files", count)
    return found


@pytest.fixture
def world(tmp_path: Path, calls: Counter[str]) -> World:
    """As many open pull requests as there are images."""
    text = configuration().replace(b"group: all", b"group: repository, max-open: 99, per-hour: 99")
    files = {CONFIGURATION: text, "production/pod.yaml": pod(*(f"{n}:1.0.0" for n in NAMES))}
    world = make_world(tmp_path, files)
    world.tags = dict.fromkeys(NAMES, ("1.0.0", "1.1.0"))
    assert len(world.statuses()) == len(NAMES)
    calls.clear()
    return world


def test_open_pull_requests_are_listed_once(world: World, calls: Counter[str]) -> None:
    assert {status for _, status in world.statuses()} == {"unchanged"}
    assert {key: calls[key] for key in calls if key != "files"} == {"list_open": 1}
    assert calls["files"] < len(NAMES)


def test_also_when_the_plan_wants_nothing(world: World, calls: Counter[str]) -> None:
    world.tags = dict.fromkeys(NAMES, ())
    assert {status for _, status in world.statuses()} == {"updated"}
    assert (calls["list_open"], calls["list_closed"], calls["find_closed"]) == (1, 0, 0)
    assert calls["find"] == 0


def test_also_when_the_plan_is_too_large(world: World, calls: Counter[str]) -> None:
    """What open pull requests have already does not count: each is looked at."""
    world.limits = "{max-updates: 3}"
    assert {status for _, status in world.statuses()} == {"unchanged"}
    assert {key: calls[key] for key in calls if key != "files"} == {"list_open": 1}
    assert calls["files"] < len(NAMES)


def test_a_target_without_pull_requests_asks_no_forge(tmp_path: Path, calls: Counter[str]) -> None:
    text = configuration(publish="commit").replace(b"    pull-request: {group: all}\n", b"")
    world = make_world(tmp_path, {CONFIGURATION: text, "production/pod.yaml": pod("app:1.0.0")})
    assert world.run().plan.problems == ()
    assert calls.keys() <= {"files"}
