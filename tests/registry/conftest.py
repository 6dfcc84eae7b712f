"""Credential helpers that are real programs, and a client for scripted registries."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credential
from tests.support.here import HERE


@dataclass(frozen=True, slots=True)
class HelperFolder:
    """Programs to find on PATH; each notes in `asked` what it was asked for."""

    folder: Path
    asked: Path

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": str(self.folder)}

    def add(self, name: str, *lines: str) -> None:
        """A helper of these lines of Python, after `server` was read."""
        head = (
            f"#!{sys.executable}",
            "import json, os, sys, time",
            "server = sys.stdin.read()",
            f"open({str(self.asked)!r}, 'a').write(f'{{sys.argv[1:]}} {{server}}\\n')",
        )
        path = self.folder / f"docker-credential-{name}"
        path.write_text("\n".join((*head, *lines)) + "\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def calls(self) -> list[str]:
        return self.asked.read_text().splitlines() if self.asked.exists() else []


@pytest.fixture
def helpers(tmp_path: Path) -> HelperFolder:
    folder = tmp_path / "bin"
    folder.mkdir()
    return HelperFolder(folder, tmp_path / "asked")


@dataclass(frozen=True, slots=True)
class Known:
    """Credentials by host or host/path."""

    by_place: dict[str, Credential]

    def lookup(self, registry: str, path: str) -> Credential | None:
        return self.by_place.get(f"{registry}/{path}") or self.by_place.get(registry)


@pytest.fixture
def open_client() -> Iterator[Callable[..., RegistryClient]]:
    """Opens clients with the arguments of RegistryClient; `credentials` may be a dict by place.

    They do not sleep, unless told how.
    """
    with ExitStack() as stack:

        def open_one(
            credentials: Any = None, *arguments: Any, sleep: Any = lambda _: None, **options: Any
        ) -> RegistryClient:
            if not hasattr(credentials, "lookup"):
                credentials = Known(credentials or {})
            client = RegistryClient(
                credentials, *arguments, sleep=sleep, **({"reach": HERE} | options)
            )
            return stack.enter_context(client)

        yield open_one
