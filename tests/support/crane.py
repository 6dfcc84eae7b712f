"""go-containerregistry's own registry, `crane registry serve`, on loopback.

It sends pages of a list without a link to the next one, as text, and has no referrers.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.process import PATIENCE, running
from tests.support.pusher import Pusher
from tests.support.require import MISSING


@dataclass(frozen=True, slots=True)
class CraneRegistry(Pusher):
    host: str
    """`127.0.0.1:port`"""


def find_crane() -> str | None:
    """The program on PATH, or where `go install` puts it; HOME is the test's own."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir, "go/bin/crane")
    return shutil.which("crane") or (str(own) if own.exists() else None)


@contextlib.contextmanager
def crane_registry(folder: Path) -> Iterator[CraneRegistry]:
    """Skips the test without crane, also in CI: it takes Go, which is not among the parts."""
    crane = find_crane()
    if crane is None:
        pytest.skip(f"{MISSING}crane (go install its cmd/crane)")

    def ready(log: str) -> str | None:
        found = re.search(r"serving on port (\d+)", log)
        return f"127.0.0.1:{found[1]}" if found else None

    argv = [crane, "registry", "serve", "--address", "127.0.0.1:0"]
    with (
        running(argv, log=folder / "crane.log", ready=ready) as host,
        httpx.Client(base_url=f"http://{host}", timeout=PATIENCE, trust_env=False) as client,
    ):
        yield CraneRegistry(client=client, root=folder, authorize=None, host=host)
