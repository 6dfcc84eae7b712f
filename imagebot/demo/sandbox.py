"""The sandbox: a registry on loopback, a Git remote, a forge of files, and the bot's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imagebot.config.file import read_configuration
from imagebot.config.load import load_bot_configuration
from imagebot.config.model import BotConfiguration
from imagebot.demo.content import IMAGES, PUSHED_LATER, bot_file, repository_files
from imagebot.demo.registry import DemoRegistry
from imagebot.errors import FolderError
from imagebot.git.credentials import access_for
from imagebot.git.seed import create_repository
from imagebot.git.tree import Committer, Identity

BRANCH = "main"
_SHOP = ("Shop developers", "shop@example.com")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`folder` holds everything: registry/, gitops.git/, forge/, cache/ and bot.yaml."""

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

    def bot(self) -> BotConfiguration:
        return load_bot_configuration(read_configuration(self.bot_file), str(self.bot_file))

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
    text = bot_file(
        remote=sandbox.remote.as_uri(),
        forge=str(folder / "forge"),
        registry=registry.host,
        cache=str(folder / "cache"),
    )
    sandbox.bot_file.write_bytes(text)
    sandbox.port_file.write_text(registry.host.rpartition(":")[2], "ascii")
    return sandbox


def push_later_images(registry: DemoRegistry, *, now: datetime) -> tuple[str, ...]:
    """Push what a build would push between two passes; returns the references."""
    for repository, tag in PUSHED_LATER:
        registry.seed(repository, tag, created=now)
    return tuple(f"{registry.host}/{repository}:{tag}" for repository, tag in PUSHED_LATER)
