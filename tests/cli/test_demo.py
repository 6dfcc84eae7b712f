"""The sandbox: everything it shows was really done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.git_repository import git
from tests.support.process import PATIENCE

DEMO = [sys.executable, "-m", "imagebot", "demo"]


def test_demo_shows_the_job_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(DEMO, capture_output=True, text=True, env=environment, check=True)
    assert "main-41-3f2a9c1 -> main-42-b81d04e" in done.stdout
    assert "shop: test: committed" in done.stdout
    assert "shop: production: opened #1" in done.stdout
    assert re.search(
        r"^\+ +image: '127\.0\.0\.1:\d+/shop/api:1\.4\.3'   # moves by", done.stdout, re.MULTILINE
    )
    assert "shop: production: updated #1" in done.stdout
    assert "shop: production: unchanged #1" in done.stdout
    assert "problem" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_kept_sandbox_can_be_played_with(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    subprocess.run([*DEMO, "--keep", str(folder)], capture_output=True, check=True)
    head = git(folder / "gitops.git", "rev-parse", "main")
    files = git(folder / "gitops.git", "show", "main:clusters/test/api.yaml").decode()
    assert "shop/api:main-43-77c0d5a" in files
    assert "# the public API" in files
    with registry_of(folder):
        argv = [sys.executable, "-m", "imagebot", "run", "-c", str(folder / "bot.yaml")]
        done = subprocess.run([*argv, "--format", "json"], capture_output=True, check=True)
    document = json.loads(done.stdout)
    assert [entry["status"] for entry in document["published"]] == ["unchanged"]
    assert git(folder / "gitops.git", "rev-parse", "main") == head


def test_keep_wants_a_new_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("mine").write_text("x")
    done = subprocess.run([*DEMO, "--keep", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_registry_wants_a_sandbox(tmp_path: Path) -> None:
    done = subprocess.run([*DEMO, "--registry", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "not a sandbox" in done.stderr


@contextmanager
def registry_of(folder: Path) -> Iterator[str]:
    """The sandbox's registry, until the block ends, and what it says; it must then end well."""
    argv = [*DEMO, "--registry", str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "listens at" in said
        try:
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
