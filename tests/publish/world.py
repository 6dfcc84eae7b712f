"""One target with a sandbox forge, and one pass after another over it."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from imagebot.config.load import load_bot_configuration
from imagebot.config.model import Configuration
from imagebot.errors import RegistryError
from imagebot.plan.model import Published
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.support.fake_registry import FakeRegistry
from tests.support.git_repository import DATE, BareRepository, git

CONFIGURATION = "imagebot.yaml"
APP, WEB = "docker.io/library/app", "docker.io/library/web"
BOTH: dict[str, tuple[str, ...] | RegistryError] = {
    APP: ("1.0.0", "1.1.0"),
    WEB: ("1.0.0", "1.1.0"),
}
NOW = datetime.fromisoformat(DATE) + timedelta(days=1)


def configuration(
    *,
    route: str = "production",
    files: str = "production/**",
    publish: str = "pull-request",
    group: str = "all",
    policy: str = "{semver: ^1}",
    match: str = "**",
    use: str = "stable",
) -> bytes:
    return (
        f"policies: {{stable: {policy}}}\n"
        "routes:\n"
        f"  - name: {route}\n"
        f"    files: [{files}]\n"
        f"    publish: {publish}\n"
        f"    pull-request: {{group: {group}}}\n"
        f"    images: [{{match: '{match}', policy: {use}}}]\n"
    ).encode()


def pod(*images: str) -> bytes:
    containers = "".join(
        f"    - {{name: c{number}, image: '{image}'}}\n" for number, image in enumerate(images)
    )
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n  containers:\n"
    return (head + containers).encode()


@dataclass
class World:
    """`tags` are those of the registry; `now` moves on by an hour with each pass."""

    bare: BareRepository
    folder: Path
    limits: str = ""
    inline: str = ""
    tags: dict[str, tuple[str, ...] | RegistryError] = field(default_factory=lambda: dict(BOTH))
    fallback: Configuration | None = None
    now: datetime = NOW

    def run(self, *, wait: timedelta = timedelta(hours=1)) -> PassResult:
        bot = load_bot_configuration(self._bot(), "bot.yaml")
        self.now += wait
        return run_pass(
            PassContext(
                bot=bot,
                registry=FakeRegistry(self.tags),
                environment=os.environ,
                cache=self.folder / "cache",
                now=self.now.astimezone(UTC),
                sleep=lambda seconds: None,
            )
        )

    def statuses(self, result: PassResult | None = None) -> list[tuple[int, str]]:
        """What a pass did to pull requests, by their numbers."""
        result = result or self.run()
        assert result.plan.problems == ()
        return [(one.number, one.status) for one in result.published]

    def pull(self, number: int) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads((self._pulls / f"{number}.json").read_text())
        return fields

    def press(self, number: int, **fields: Any) -> None:
        """What people change of a pull request."""
        path = self._pulls / f"{number}.json"
        path.write_text(json.dumps({**self.pull(number), **fields}))

    def open(self) -> list[int]:
        numbers = sorted(int(path.stem) for path in self._pulls.glob("*.json"))
        return [number for number in numbers if self.pull(number)["state"] == "open"]

    def everything(self) -> object:
        """All that a pass could change."""
        files = {path.name: path.read_text() for path in sorted(self._pulls.glob("*.json"))}
        return self.bare.refs(), files

    def update_branch(self, branch: str, *, base: str = "main") -> str:
        """GitHub's *Update branch*: a merge of the base by web-flow."""
        tips = [str(self.bare.head(name)) for name in (branch, base)]
        folder = self.bare.folder
        tree = git(folder, "merge-tree", "--write-tree", *tips).decode().split()[0]
        who = {"GIT_COMMITTER_EMAIL": "noreply@github.com", "GIT_COMMITTER_NAME": "GitHub"}
        parents = [part for tip in tips for part in ("-p", tip)]
        argv = ("commit-tree", tree, *parents, "-m", f"Merge branch '{base}' into {branch}")
        made = git(folder, *argv, env=who).decode().strip()
        self.bare.move(branch, made)
        return made

    @property
    def _pulls(self) -> Path:
        return self.folder / "pulls"

    def _bot(self) -> str:
        limits = f", limits: {self.limits}" if self.limits else ""
        return (
            f"{self.inline}targets: [{{name: shop, url: '{self.bare.folder.as_uri()}',"
            f" branch: main{limits}, forge: {{kind: sandbox, folder: '{self._pulls}'}}}}]\n"
        )


def make_world(folder: Path, files: dict[str, bytes]) -> World:
    bare = BareRepository.create(folder / "remote.git", dict(files))
    bare.configure("uploadpack.allowFilter", "true")
    return World(bare, folder)


def entries(published: tuple[Published, ...]) -> list[Published]:
    return [dataclasses.replace(one, commit="", url="") for one in published]
