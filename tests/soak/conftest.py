"""How long the long tests are, and a target for them that a process of the bot works on."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.git_repository import BareRepository
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, Request, ScriptedServer

SEED = 20261123
ROOT = Path(__file__).parent.parent.parent
CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes:
  - {name: test, files: [test/**], publish: commit, images: [{match: "**", policy: stable}]}
  - name: production
    files: [production/**]
    publish: pull-request
    images: [{match: "**", policy: stable}]
"""
DIRECT, REVIEWED = "test/pod.yaml", "production/pod.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("soak")
    group.addoption("--soak", action="store_true", help="run the long tests in full")
    group.addoption("--soak-seed", type=int, default=None, help="repeat a run of the long tests")


@dataclass(frozen=True, slots=True)
class Soak:
    """`chance` decides whatever is left to chance in a test; its seed is printed."""

    full: bool
    chance: random.Random

    def times(self, number: int) -> int:
        """How often to do what a full run does `number` times: a tenth, but at least once."""
        return number if self.full else max(1, number // 10)


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> Soak:
    """A tenth, the same every time, unless asked for; the options are only known when this folder
    is named. A full run goes elsewhere each time.
    """
    full = bool(request.config.getoption("--soak", default=False))
    seed = request.config.getoption("--soak-seed", default=None)
    if seed is None:
        seed = time.time_ns() % 10**9 if full else SEED
    print(f"repeat with {request.node.nodeid} {'--soak ' if full else ''}--soak-seed {seed}")
    return Soak(full, random.Random(f"{seed} {request.node.name}"))


def pod(tag: str, host: str) -> bytes:
    image = f"{host}/app:{tag}"
    text = f"kind: Pod\napiVersion: v1\nspec:\n  containers: [{{name: a, image: '{image}'}}]  # é\n"
    return text.encode()


@dataclass
class Desk:
    """A target on a Git server, a registry with the tags of one image, and the bot's own file."""

    folder: Path
    server: GitServer
    bare: BareRepository
    host: str
    tags: list[str] = field(default_factory=lambda: ["1.0.0"])

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def start(self, module: Sequence[str] = ("imagebot",)) -> subprocess.Popen[str]:
        """`imagebot run`, at the head of a process group; `module` may stand in for imagebot."""
        return subprocess.Popen(
            [sys.executable, "-m", *module, "run", "-c", "bot.yaml", "--format", "json"],
            cwd=self.folder,
            env={**os.environ, "TOKEN": self.server.token, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self) -> tuple[int, dict[str, Any]]:
        """One pass to its end: the exit code, and what it says."""
        with self.start() as process:
            try:
                out, said = process.communicate(timeout=100)
            finally:
                process.kill()
        assert "Traceback" not in said, said
        document: dict[str, Any] = json.loads(out)
        return process.returncode, document

    def push_tag(self) -> str:
        self.tags.append(f"1.{len(self.tags)}.0")
        return self.tags[-1]

    def answer(self, request: Request) -> Answer:
        """The registry's."""
        if request.path == "/v2/app/tags/list":
            return Answer(200, {}, {"name": "app", "tags": list(self.tags)})
        return Answer(200 if request.path == "/v2/" else 404, {}, {})

    def pulls(self) -> list[dict[str, Any]]:
        paths = sorted((self.folder / "pulls").glob("*.json"), key=lambda path: int(path.stem))
        return [json.loads(path.read_text()) for path in paths]

    def assert_whole(self) -> None:
        """Whatever happened: the remote is sound, and its files are some state the bot may make."""
        self.server.assert_sound("acme/gitops")
        possible = {pod(tag, self.host) for tag in self.tags}
        first = {"imagebot.yaml": CONFIGURATION, REVIEWED: pod("1.0.0", self.host)}
        for ref in self.bare.refs():
            files = self.bare.read_files(ref.removeprefix("refs/heads/"))
            assert files.keys() == {*first, DIRECT}, ref
            assert {files[DIRECT], files[REVIEWED]} <= possible, ref
        assert self.bare.read_files().items() >= first.items()

    def assert_done(self) -> None:
        """One commit of the bot for each step, and one pull request, with the newest tag."""
        self.assert_whole()
        newest = pod(self.tags[-1], self.host)
        assert self.bare.read_files()[DIRECT] == newest
        bot, first = self.bare.log()[:-1], self.bare.log()[-1]
        assert first.message.strip() == "Initial commit"
        assert {commit.author for commit in bot} == {"imagebot"}
        assert len({commit.message for commit in bot}) == len(bot), "no update is made twice"
        (pull,) = self.pulls()
        assert (pull["state"], pull["base"]) == ("open", "main")
        assert self.bare.read_files(pull["branch"])[REVIEWED] == newest
        assert self.bare.refs().keys() == {"refs/heads/main", f"refs/heads/{pull['branch']}"}
        assert self.tags[-1] in pull["title"]


@pytest.fixture
def desk(tmp_path: Path, git_server: GitServer, scripted: ScriptedServer) -> Desk:
    host = scripted.host
    files = {path: pod("1.0.0", host) for path in (DIRECT, REVIEWED)}
    url = git_server.make_repository("acme/gitops", {"imagebot.yaml": CONFIGURATION, **files})
    desk = Desk(tmp_path, git_server, git_server.repository("acme/gitops"), host)
    scripted.handler = desk.answer
    (tmp_path / "bot.yaml").write_text(
        f"targets: [{{name: shop, url: '{url}', branch: main, credential: it,"
        f" forge: {{kind: sandbox, folder: '{tmp_path / 'pulls'}'}}}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        f"registries: {{'{host}': {{}}}}\n"
        "cache-dir: cache\n"
    )
    return desk
