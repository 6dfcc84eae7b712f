"""What is undecided is no evidence: its pull request stays as it is, and is found again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.support.fake_registry import FakeRegistry, digest_of
from tests.support.github import Forge

GONE = "[gone from registry] "
NAME = "acme/gitops"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
APP, WEB = "docker.io/library/app", "docker.io/library/web"
POINTS = {f"{APP}:latest": f"{APP}:1.1.0"}
CONFIGURATION = """\
policies: {{mine: {policy}}}
routes:
  - name: all
    files: ["**"]
    publish: pull-request
    pull-request: {{group: {group}}}
    images: [{{match: "**", policy: mine}}]
"""
BOT = """\
targets:
  - {{url: '{url}', branch: main, credential: it, forge: {{kind: github, url: '{api}'}}}}
credentials: {{git: {{it: {{token: {{env: TOKEN}}}}}}}}
"""


@dataclass
class Passes:
    """One pass after another over one target."""

    forge: Forge
    cache: Path
    bot: str
    titles: list[str] = field(default_factory=list)

    def run(
        self, repositories: Mapping[str, tuple[str, ...]], unlisted: Iterable[str] = ()
    ) -> PassResult:
        bot = load_bot_configuration(self.bot, "bot.yaml")
        registry = FakeRegistry(repositories, POINTS, unlisted=frozenset(unlisted))
        environment = {"TOKEN": self.forge.bot_token, "PATH": "/usr/bin:/bin"}
        return run_pass(
            PassContext(
                bot=bot,
                registry=Memo(registry).for_pass(),
                environment=environment,
                cache=self.cache,
                now=NOW,
            )
        )

    def open(self) -> list[tuple[int, str]]:
        return [(pull["number"], pull["title"]) for pull in self.forge.pull_requests(NAME)]


Start = Callable[..., Passes]


def numbers(pulls: list[tuple[int, str]]) -> list[int]:
    return [number for number, _ in pulls]


@pytest.fixture
def start(forge: Forge, tmp_path: Path) -> Start:
    def make(policy: str, *images: str, group: str = "all") -> Passes:
        containers = "".join(f"    - {{name: c, image: '{image}'}}\n" for image in images)
        pod = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{containers}"
        configuration = CONFIGURATION.format(policy=policy, group=group)
        files = {"imagebot.yaml": configuration.encode(), "pod.yaml": pod.encode()}
        url = forge.make_repository(NAME, files)
        return Passes(forge, tmp_path / "cache", BOT.format(url=url, api=forge.api_url))

    return make


# The policy, the image, the tags at first, and what the registry says later.
LATER: dict[str, tuple[str, str, tuple[str, ...], Mapping[str, tuple[str, ...]]]] = {
    "an empty list": ("{semver: ^1}", "app:1.0.0", ("1.0.0", "1.1.0"), {APP: ()}),
    "half a list": ("{semver: ^1}", "app:1.0.0", ("1.0.0", "1.1.0"), {APP: ("0.9.0",)}),
    "a followed tag that is gone": ("{follow: main}", "app:main", ("main",), {APP: ("dev",)}),
    "a pinned tag that is gone": ("{pin: digest}", "app:1.0.0", ("1.0.0",), {APP: ("0.9.0",)}),
    "a followed repository that is gone": ("{follow: main}", "app:main", ("main",), {}),
    "a pinned repository that is gone": ("{pin: digest}", "app:1.0.0", ("1.0.0",), {}),
}


@pytest.mark.parametrize(("policy", "image", "first", "later"), LATER.values(), ids=LATER)
def test_its_pull_request_stays_open(
    start: Start,
    policy: str,
    image: str,
    first: tuple[str, ...],
    later: Mapping[str, tuple[str, ...]],
) -> None:
    passes = start(policy, image)
    assert [entry.status for entry in passes.run({APP: first}).published] == ["opened"]
    opened = passes.open()
    undecided = passes.run(later)
    assert undecided.plan.problems == ()
    warning, stays = undecided.plan.warnings
    assert warning.startswith(f"{APP}: ")
    assert warning.endswith("pod.yaml:5")
    assert f"pull request #{opened[0][0]} stays open: pod.yaml:5: " in stays
    assert numbers(passes.open()) == numbers(opened)
    assert [entry.status for entry in passes.run(later).published] == ["unchanged"]
    assert [entry.status for entry in passes.run({APP: first}).published] == ["updated"]
    assert passes.open() == opened
    assert [entry.status for entry in passes.run({APP: first}).published] == ["unchanged"]


@pytest.mark.parametrize(
    ("policy", "image", "first"),
    [
        ("{max: minor, pin: digest}", "app:1.0.0", ("1.0.0", "1.1.0")),
        ("{semver: ^1}", f"app:latest@{digest_of('old')}", ("latest", "1.1.0")),
        ("{version-of: latest}", "app:1.0.0", ("1.0.0", "1.1.0", "latest")),
        ("{order: none}", f"app:1-slim@{digest_of('old')}", ("1-slim", "1.1.0-slim")),
        ("{semver: ^1}", "app", ("1.0.0", "1.1.0")),
    ],
)
@pytest.mark.parametrize("later", [(), ("dev",)])
def test_a_lost_list_of_tags_that_are_there_changes_nothing(
    start: Start, policy: str, image: str, first: tuple[str, ...], later: tuple[str, ...]
) -> None:
    passes = start(policy, image)
    assert [entry.status for entry in passes.run({APP: first}).published] == ["opened"]
    opened = passes.open()
    lost = passes.run({APP: later}, first)
    assert (lost.plan.updates, lost.plan.problems) == ((), ())
    assert lost.plan.warnings[0].endswith("pod.yaml:5")
    assert numbers(passes.open()) == numbers(opened)
    assert [entry.status for entry in passes.run({APP: first}).published] == ["updated"]
    assert passes.open() == opened


def test_the_update_stays_in_a_pull_request_with_others(start: Start) -> None:
    passes = start("{semver: ^1}", "app:1.0.0", "web:1.0.0")
    both = {APP: ("1.0.0", "1.1.0"), WEB: ("1.0.0", "1.1.0")}
    passes.run(both)
    opened = passes.open()
    passes.run({**both, APP: ()})
    assert passes.open() == [(number, GONE + title) for number, title in opened]
    assert [entry.status for entry in passes.run(both).published] == ["updated"]
    assert passes.open() == opened


def test_pull_requests_of_other_images_are_closed_all_the_same(start: Start) -> None:
    passes = start("{semver: ^1}", "app:1.0.0", "web:1.0.0", group="repository")
    passes.run({APP: ("1.0.0", "1.1.0"), WEB: ("1.0.0", "1.1.0")})
    assert len(passes.open()) == 2
    url = passes.forge.git.repository(NAME)
    web = url.read_files()["pod.yaml"].replace(b"web:1.0.0", b"web:1.1.0")
    passes.forge.commit(NAME, {"pod.yaml": web})
    passes.run({APP: (), WEB: ("1.0.0", "1.1.0")})
    ((_, title),) = passes.open()
    assert "app" in title
