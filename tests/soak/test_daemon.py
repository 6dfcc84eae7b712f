"""A daemon among faults: whatever is down comes back, and the daemon with it; nothing grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.serve.test_forge_hooks import REVIEWED
from tests.soak.conftest import Soak
from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, Stage, announce, pod
from tests.support.git_server import GitServer
from tests.support.github import Forge
from tests.support.process import PATIENCE
from tests.support.scripted_http import Answer, Request, ScriptedServer

ROUNDS = 60
"""Of a full run: about ten minutes."""
FAULTS = ("none", "registry 500", "registry silent", "registry gone", "git", "forge", "flood")
MEMORY = 40.0
"""MB that a daemon may take on after it has seen every fault once."""
NAME = "acme/gitops"


@dataclass
class World:
    """A registry and a forge that fail on demand, and what there is to be found."""

    forge: Forge
    git: GitServer
    tags: list[str] = field(default_factory=lambda: ["main-1"])
    fault: str = "none"

    def registry(self, request: Request) -> Answer:
        if self.fault == "registry 500":
            return Answer(500)
        if self.fault == "registry silent":
            return Answer(hang=True)
        if self.fault == "registry gone":
            return Answer(drop=True)
        if request.path == "/v2/api/tags/list":
            return Answer(body={"name": "api", "tags": list(self.tags)})
        return Answer(200 if request.path == "/v2/" else 404)

    def api(self, request: Request) -> Answer:
        """The forge's API, by way of this server."""
        if self.fault == "forge":
            return Answer(502)
        query = f"?{request.query}" if request.query else ""
        wanted = ("authorization", "content-type", "accept")
        answer = self.forge.client.request(
            request.method,
            f"{request.path}{query}",
            content=request.body,
            headers={key: value for key, value in request.headers.items() if key.lower() in wanted},
        )
        return Answer(
            answer.status_code,
            {"Content-Type": answer.headers.get("content-type", "application/json")},
            answer.content,
        )

    def begin(self, fault: str) -> None:
        self.fault = fault
        self.git.fail_with = 503 if fault == "git" else None

    def end(self) -> None:
        self.begin("none")


@dataclass(frozen=True, slots=True)
class Usage:
    memory: float
    files: int
    children: int

    @classmethod
    def of(cls, daemon: Daemon) -> Usage:
        process = Path(f"/proc/{daemon.pid}")
        status = process.joinpath("status").read_text()
        children = process.joinpath(f"task/{daemon.pid}/children").read_text().split()
        return cls(
            int(status.split("VmRSS:")[1].split()[0]) / 1024,
            len(list(process.joinpath("fd").iterdir())),
            len(children),
        )


@pytest.fixture
def stage(tmp_path: Path, git_server: GitServer) -> Iterator[Stage]:
    made = Stage(tmp_path, git_server)
    yield made
    made.close()


@pytest.fixture
def world(
    stage: Stage, forge: Forge, start_scripted: Callable[..., ScriptedServer]
) -> Iterator[World]:
    """Two targets, which use one image: one is committed to, one gets a pull request."""
    made = World(forge, forge.git)
    registry, api = start_scripted(made.registry), start_scripted(made.api)
    stage.bot["registries"][registry.host] = {"insecure": True}
    stage.environment["GITOPS_TOKEN"] = forge.bot_token
    stage.git = forge.git
    manifest = {"api.yaml": pod(f"{registry.host}/api:main-1")}
    stage.add_target("direct", manifest)
    files = {path: text.encode() for path, text in manifest.items()}
    url = forge.make_repository(NAME, {**files, "imagebot.yaml": REVIEWED.encode()})
    target = {"name": "reviewed", "url": url, "branch": "main", "credential": "gitops"}
    stage.bot["targets"].append({**target, "forge": {"kind": "github", "url": api.url}})
    yield made
    made.end()


@pytest.mark.timeout(3600)
def test_whatever_is_down_comes_back(stage: Stage, world: World, soak: Soak) -> None:
    host = next(iter(stage.bot["registries"]))
    direct = f"{stage.folder.name}/direct"
    daemon = stage.start()
    for target in ("direct", "reviewed"):
        daemon.wait_for("pass", target=target, problems=0)

    def is_there() -> bool:
        newest = f"/api:{world.tags[-1]}".encode()
        if newest not in stage.git.read_files(direct)["api.yaml"]:
            return False
        refs = world.git.repository(NAME).refs()
        branches = [ref.removeprefix("refs/heads/") for ref in refs if "/imagebot/" in ref]
        return any(newest in world.git.read_files(NAME, each)["api.yaml"] for each in branches)

    usages: list[Usage] = []
    rounds = max(len(FAULTS), soak.times(ROUNDS))
    faults = [*FAULTS, *(soak.chance.choice(FAULTS) for _ in range(rounds - len(FAULTS)))]
    for number, fault in enumerate(faults, 2):
        print(number, fault)
        seen = len(daemon.events("problem"))
        world.begin(fault)
        world.tags.append(f"main-{number}")
        with httpx.Client(verify=False, trust_env=False, timeout=PATIENCE) as client:
            for copy in range(200 if fault == "flood" else 1):
                tag = world.tags[-1] if copy % 2 == 0 else f"other-{copy}"
                answer = client.post(
                    f"{daemon.url}/hooks/registry",
                    content=announce(host, "api", tag),
                    headers=BEARER,
                )
                assert answer.status_code == 202
        if fault not in ("none", "flood"):
            daemon.wait_for("problem", more_than=seen)
        world.end()
        daemon.wait_until(is_there, f"{world.tags[-1]} after {fault}")
        usages.append(Usage.of(daemon))
        assert daemon.get("/healthz").status_code == 200
    first, rest = usages[: len(FAULTS)], usages[len(FAULTS) :]
    print(*usages, sep="\n")
    for usage in rest:
        assert usage.memory <= max(each.memory for each in first) + MEMORY
        assert usage.files <= max(each.files for each in first) + 10
    daemon.wait_until(lambda: Usage.of(daemon).children == 0, "the end of all children")
    assert not [event for event in daemon.events("problem") if event["code"] == "bug"]
