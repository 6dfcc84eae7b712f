"""A daemon between real parts: docker-registry that announces pushes, and git over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support.daemon import Daemon, daemon
from tests.support.git_server import GitServer
from tests.support.registry import Registry, registry

SECRET = "hook-secret-0123456789"
BEARER = {"Authorization": f"Bearer {SECRET}"}
CONFIGURATION = """\
policies:
  every-push: {pattern: '^main-(?P<build>[0-9]+)$', extract: $build, order: numerical}
routes:
  - {name: test, files: ["**"], publish: commit, images: [{match: "**", policy: every-push}]}
"""


class Stage:
    """`folder` holds bot.yaml. The registry tells the daemon of its pushes at /hooks/registry.

    The daemon starts first, because the registry has to know its address, and looks after nothing
    until `follow`.
    """

    def __init__(self, folder: Path, git_server: GitServer) -> None:
        self.folder = folder
        self.git = git_server
        self.bot: dict[str, Any] = {
            "targets": [],
            "registries": {},
            "credentials": {"git": {"gitops": {"token": {"env": "GITOPS_TOKEN"}}}},
            "cache-dir": "cache",
            "serve": {
                "listen": "127.0.0.1:0",
                "interval": "1h",
                "hooks": {"registry": {"type": "distribution", "secret": {"env": "HOOK_SECRET"}}},
            },
        }
        self.environment = {"HOOK_SECRET": SECRET, "GITOPS_TOKEN": git_server.token}
        self._open = ExitStack()

    def close(self) -> None:
        self._open.close()

    def add_target(self, name: str, files: Mapping[str, str]) -> str:
        """A target with these manifests; returns its name on the git server."""
        entries = {path: text.encode() for path, text in files.items()}
        entries["imagebot.yaml"] = CONFIGURATION.encode()
        repository = f"{self.folder.name}/{name}"
        url = self.git.make_repository(repository, entries)
        target = {"name": name, "url": url, "branch": "main", "credential": "gitops"}
        self.bot["targets"].append(target)
        return repository

    def write(self) -> None:
        """The bot's file, all at once."""
        draft = self.folder / "bot.yaml.new"
        draft.write_text(json.dumps(self.bot))
        draft.replace(self.folder / "bot.yaml")

    def start(self, *arguments: str, log: str = "daemon.log") -> Daemon:
        self.write()
        return self._open.enter_context(
            daemon(self.folder, *arguments, environment=self.environment, log=log)
        )

    def start_registry(self, daemon: Daemon | None = None) -> Registry:
        """A registry that the bot's file names, and that tells the daemon of pushes."""
        notify = f"{daemon.hooks_url}/hooks/registry" if daemon else None
        headers = {"Authorization": f"Bearer {SECRET}"}
        made = self._open.enter_context(
            registry(self.folder / "registry", notify=notify, notify_headers=headers)
        )
        self.bot["registries"][made.host] = {"insecure": True}
        return made


def pod(image: str, name: str = "api") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
        f"spec:\n  containers:\n  - {{name: {name}, image: {image}}}\n"
    )


def announce(host: str, repository: str, tag: str) -> bytes:
    """What docker-registry sends, as far as it counts."""
    event = {
        "id": f"event-{repository}-{tag}",
        "action": "push",
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "repository": repository,
            "tag": tag,
            "digest": f"sha256:{'0' * 64}",
        },
        "request": {"host": host},
    }
    return json.dumps({"events": [event]}).encode()
