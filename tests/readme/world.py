"""The real parts behind the names that the documents use: a registry, a Git remote, a GitHub."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.readme.content import FILES, IMAGES, TEAM, whole_file
from tests.support.git_repository import git
from tests.support.github import Forge
from tests.support.receiver import FluxReceiver
from tests.support.registry import Registry
from tests.support.scripted_http import ScriptedServer

BIN = Path(sys.executable).parent
"""Where the installed `imagebot` is."""
PROJECT = "acme/gitops"
USERS = {"acme-bot": "s3cret-of-acme-bot"}
HOOK_SECRET = "hook-secret-of-acme"
FLUX = "http://webhook-receiver.flux-system.svc.cluster.local/hook/9f3c0f4e6d"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended; `output` is what a terminal would show: stdout and stderr."""

    code: int
    output: str


@dataclass(frozen=True, slots=True)
class World:
    """`checkout` is a clone of the remote, and the folder that commands run in.

    `stands_for` says what each name of the outside world is here; nothing else is replaced.
    """

    checkout: Path
    registry: Registry
    forge: Forge
    environment: Mapping[str, str] = field(repr=False)
    stands_for: Mapping[str, str]

    def real(self, text: str) -> str:
        for name, here in self.stands_for.items():
            text = text.replace(name, here)
        return text

    def shown(self, text: str) -> str:
        """The reverse of `real`."""
        for name, here in self.stands_for.items():
            text = text.replace(here, name)
        return text

    def run(self, command: str, **environment: str) -> Ran:
        done = subprocess.run(
            ["bash", "-c", self.real(command)],
            cwd=self.checkout,
            env={**self._environment_of(command), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        return Ran(done.returncode, self.shown(done.stdout))

    @contextmanager
    def started(self, command: str) -> Iterator[subprocess.Popen[str]]:
        """A command that does not end by itself; signals go to it, not to the shell."""
        with subprocess.Popen(
            ["bash", "-c", f"exec {self.real(command)}"],
            cwd=self.checkout,
            env=dict(self._environment_of(command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _environment_of(self, command: str) -> Mapping[str, str]:
        """Where the bot runs nobody has logged in: its own file must be enough.

        Not for `doctor`, which also asks a host itself where the credential is for a path of it.
        """
        if "-c bot.yaml" not in command or "doctor" in command:
            return self.environment
        return {**self.environment, "HOME": str(self.checkout.with_name("home-of-the-bot"))}

    def read(self, path: str) -> str:
        """A file of the checkout, as a document shows it."""
        return self.shown(self.checkout.joinpath(path).read_bytes().decode())

    def write(self, path: str, text: str) -> None:
        self.checkout.joinpath(path).write_bytes(self.real(text).encode())

    def remote(self, path: str, branch: str = "main") -> str:
        """A file of a branch of the remote, as a document shows it."""
        return self.shown(self.forge.git.read_files(PROJECT, branch)[path].decode())


def make_world(
    folder: Path, registry: Registry, forge: Forge, home: Path, flux: ScriptedServer
) -> World:
    """The images of tests.readme.content in the registry, its files in the remote, and a clone.

    Whoever runs the commands has logged in to the registry with docker, and can push to the remote,
    as a person at their machine can; the bot has a token of its own. `flux` becomes a Receiver.
    """
    for repository, tags in IMAGES.items():
        for tag in tags:
            registry.push_image(repository, tag)
    files = {path: text.replace("ghcr.io", registry.host) for path, text in FILES.items()}
    forge.api("POST", "/orgs/acme/teams", {"name": TEAM})
    url = forge.make_repository(PROJECT, {path: text.encode() for path, text in files.items()})
    _log_in(home, registry)
    token = folder / "github-token"
    token.write_text(forge.bot_token)
    hook = folder / "hook-secret"
    hook.write_text(HOOK_SECRET)
    receiver = FluxReceiver(HOOK_SECRET)
    flux.handler = receiver
    return World(
        checkout=_clone(forge, url, folder / "gitops"),
        registry=registry,
        forge=forge,
        environment={
            **{name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")},
            "HOME": str(home),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "TZ": "UTC",
            "GHCR_TOKEN": str(registry.password),
        },
        stands_for={
            "ghcr.io": registry.host,
            # A GitHub that is not at github.com has to be named.
            "https://github.com/acme/gitops.git": (
                f"{url}\n    forge: {{kind: github, url: {forge.api_url}}}"
            ),
            "/run/secrets/github": str(token),
            "/run/secrets/hook-secret": str(hook),
            "/run/secrets/flux-receiver": str(hook),
            FLUX: flux.url + receiver.path,
            "0.0.0.0:8080": "127.0.0.1:0",
        },
    )


def configure(world: World) -> None:
    """As the README leaves it: both files are there, and imagebot.yaml is pushed."""
    for name in ("imagebot.yaml", "bot.yaml"):
        world.write(name, whole_file(name))
    pushed = world.run("git add imagebot.yaml && git commit --quiet -m Configure && git push -q")
    assert pushed.code == 0, pushed.output


def _clone(forge: Forge, url: str, into: Path) -> Path:
    """A clone whose pushes are those of a person."""
    keys = into.with_name("logins-of-alice")
    server = forge.git.url.replace("://", f"://alice:{forge.human_token}@")
    keys.write_text(f"{server}\n")
    helper = f"credential.helper=store --file={keys}"
    git(into.parent, "clone", "--quiet", "--config", helper, url, str(into))
    return into


def _log_in(home: Path, registry: Registry) -> None:
    """What `docker login` leaves behind."""
    pair = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    configuration = home / ".docker" / "config.json"
    configuration.parent.mkdir()
    configuration.write_text(json.dumps({"auths": {registry.host: {"auth": pair}}}))
