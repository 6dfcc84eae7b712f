"""The sandbox: a registry on loopback, a Git remote, a forge of files, and the bot's own file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imagebot.config.file import read_configuration
from imagebot.config.load import load_bot_configuration
from imagebot.config.model import BotConfiguration
from imagebot.config.secret import read_secret
from imagebot.demo.content import (
    IMAGES,
    PUSHED_LATER,
    bot_file,
    repository_files,
    serve_section,
)
from imagebot.demo.distribution.notifications import Endpoint
from imagebot.demo.registry import DemoRegistry
from imagebot.errors import FolderError
from imagebot.files.atomic import write_whole
from imagebot.git.credentials import access_for
from imagebot.git.seed import create_repository
from imagebot.git.tree import Committer, Identity
from imagebot.values import dataclass

BRANCH = "main"
_HOOK = "registry"
_SHOP = ("Shop developers", "shop@example.com")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`folder` holds everything: registry/, gitops.git/, forge/, cache/ and bot.yaml; with a daemon
    also hook-secret, and daemon.log."""

    folder: Path

    @property
    def bot_file(self) -> Path:
        return self.folder / "bot.yaml"

    @property
    def remote(self) -> Path:
        return self.folder / "gitops.git"

    @property
    def registry(self) -> Path:
        return self.folder / "registry"

    @property
    def port_file(self) -> Path:
        return self.folder / "registry-port"

    @property
    def host(self) -> str:
        """Of the registry, as the manifests name it. Raises FolderError as `port` does."""
        return f"127.0.0.1:{self.port()}"

    @property
    def secret(self) -> Path:
        return self.folder / "hook-secret"

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def bot(self) -> BotConfiguration:
        return load_bot_configuration(read_configuration(self.bot_file), str(self.bot_file))

    def endpoint(self) -> Endpoint | None:
        """Where the registry announces pushes; None in a sandbox without a daemon.

        Raises ConfigurationError and CredentialError.
        """
        serve = self.bot().serve
        hook = serve.hooks.get(_HOOK) if serve else None
        if serve is None or hook is None or hook.secret is None:
            return None
        return Endpoint(f"http://{serve.listen}/hooks/{_HOOK}", read_secret(hook.secret, {}))

    def port(self) -> int:
        """The port that the manifests name. Raises FolderError if this is not a sandbox."""
        try:
            return int(self.port_file.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise FolderError(
                str(self.folder),
                "this is not a sandbox",
                hint="create one with `imagebot demo --keep DIR`",
            ) from error


def make_sandbox(
    folder: Path, registry: DemoRegistry, environment: Mapping[str, str], *, now: datetime
) -> Sandbox:
    """Fill `folder`, and `registry` with the first images. Raises FolderError and GitError."""
    sandbox = Sandbox(folder)
    for repository, tags in IMAGES.items():
        for age, tag in enumerate(reversed(tags), 1):
            registry.seed(repository, tag, created=now - timedelta(days=3 * age))
    files = repository_files(registry.host)
    committer = Committer(Identity(*_SHOP), now.astimezone(UTC))
    create_repository(
        sandbox.remote,
        files,
        branch=BRANCH,
        message="The shop as it runs today\n",
        committer=committer,
        access=access_for(None, environment),
    )
    sandbox.port_file.write_text(registry.host.rpartition(":")[2], "ascii")
    sandbox.bot_file.write_bytes(_bot_file(sandbox))
    return sandbox


def add_daemon(sandbox: Sandbox, listen: str) -> None:
    """Let `imagebot serve` listen there, and hear what the registry announces."""
    if not sandbox.secret.exists():
        write_whole(sandbox.secret, secrets.token_hex(32).encode())
    added = serve_section(listen=listen, secret=str(sandbox.secret), registry=sandbox.host)
    sandbox.bot_file.write_bytes(_bot_file(sandbox) + added)


def _bot_file(sandbox: Sandbox) -> bytes:
    return bot_file(
        remote=sandbox.remote.as_uri(),
        forge=str(sandbox.folder / "forge"),
        registry=sandbox.host,
        cache=str(sandbox.folder / "cache"),
    )


def push_later_images(registry: DemoRegistry, *, now: datetime) -> tuple[str, ...]:
    """Push what a build would push between two passes; returns the references."""
    for repository, tag in PUSHED_LATER:
        registry.seed(repository, tag, created=now)
    return tuple(f"{registry.host}/{repository}:{tag}" for repository, tag in PUSHED_LATER)
