"""The benchmark of registries runs, as a whole but small; how fast is not looked at."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

_SCRIPT = Path(__file__).parent.parent / "benchmarks" / "registry.py"
_SMALL = "--delay 0.001 --repositories 3 --large 2 --planned 2 --runs 1"
_NUMBER = r"[0-9](?:[0-9.,]*[0-9])?"


@pytest.fixture
def far_registry(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """As the scripts import it: their folder is on their path."""
    monkeypatch.syspath_prepend(str(_SCRIPT.parent))
    from support import far_registry

    return far_registry


def test_the_benchmark_of_registries() -> None:
    command = [sys.executable, str(_SCRIPT), *_SMALL.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.sub(_NUMBER, "N", done.stdout)
    listing = "  wall N s, N x ideal (N s), N requests\n  CPU N ms a repository; peak N MiB\n"
    assert found.startswith(
        f"N repositories of N tags, N ms away\n{listing}"
        f"N repositories of N tags, N ms away\n{listing}"
        "imagebot plan, N repositories, N fields, N ms away\n"
    )
    assert "3 repositories of 100 tags, 1 ms away" in done.stdout
    assert "20 requests" in done.stdout
    assert len(re.findall(rf"^    .* {_NUMBER} ms$", done.stdout, re.MULTILINE)) == 7


def test_a_server_that_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, far_registry: ModuleType
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with (
        pytest.raises(far_registry.ServerError, match="ended with 1"),
        far_registry.serving(0),
    ):
        pass


def test_a_server_that_never_serves(
    monkeypatch: pytest.MonkeyPatch, far_registry: ModuleType, tmp_path: Path
) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    with (
        pytest.raises(far_registry.ServerError, match="did not start within"),
        far_registry.serving(0, patience=0.1),
    ):
        pass
