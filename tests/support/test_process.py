from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import StartError, running


def test_a_server_that_ends_shows_its_log(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "print('no such port'); raise SystemExit(7)"]
    with (
        pytest.raises(StartError, match=r"status 7\nno such port"),
        running(argv, log=tmp_path / "log", ready=lambda _: None),
    ):
        pass


def test_the_whole_group_ends(
    tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    # A child that its parent leaves behind when it is terminated.
    program = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print('child', child.pid, flush=True);"
        "time.sleep(600)"
    )

    def pid(log: str) -> int | None:
        return int(log.split()[1]) if log.endswith("\n") else None

    with running([sys.executable, "-c", program], log=tmp_path / "log", ready=pid) as child:
        assert Path(f"/proc/{child}").exists()
    wait_until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
