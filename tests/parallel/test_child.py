"""One child process is bounded in time and size, and nothing of its group is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.parallel import child as child_module
from imagebot.parallel.child import TimedOutError, TooMuchOutputError, communicate
from tests.support.clock import late_once


def start(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def is_running(pid: int) -> bool:
    """A zombie, which only its parent can clear away, does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_in_and_out_at_once() -> None:
    payload = os.urandom(5_000_000)
    status, out, err = communicate(
        start("cat; echo done >&2; exit 3"), payload, seconds=30, limit=10**7
    )
    assert (status, out, err) == (3, payload, b"done\n")


def test_input_that_nobody_reads() -> None:
    status, out, _ = communicate(start("exec <&-; echo early"), b"x" * 10**6, seconds=30, limit=100)
    assert (status, out) == (0, b"early\n")


@pytest.mark.parametrize(
    "script",
    [
        "sleep 600 & echo $! > '{pid}'; wait",
        "trap '' TERM; sleep 600 & echo $! > '{pid}'; wait; wait",
        # The leader is gone; its child holds the pipes.
        "sleep 600 & echo $! > '{pid}'",
        "sh -c \"sleep 600 & echo \\$! > '{pid}'; wait\" & wait",
        # The pipes are closed; the leader stays.
        "echo $$ > '{pid}'; exec >&- 2>&-; exec sleep 600",
    ],
)
def test_the_whole_group_ends_when_the_time_is_over(
    script: str,
    tmp_path: Path,
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pid = tmp_path / "pid"
    started = late_once(lambda: pid.exists() and bool(pid.read_text()))
    monkeypatch.setattr(child_module, "time", started)
    with pytest.raises(TimedOutError):
        communicate(start(script.format(pid=pid)), b"", seconds=0.5, limit=100)
    wait_until(lambda: not is_running(int(pid.read_text())))


def test_nothing_is_left_behind_after_success(
    tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    pid = tmp_path / "pid"
    script = f"sleep 600 >&- 2>&- & echo $! > '{pid}'"
    assert communicate(start(script), b"", seconds=30, limit=100)[0] == 0
    wait_until(lambda: not is_running(int(pid.read_text())))


def test_output_without_end() -> None:
    process = start("exec yes")
    with pytest.raises(TooMuchOutputError):
        communicate(process, b"", seconds=30, limit=1_000_000)
    assert process.returncode is not None


def test_errors_without_end_are_cut() -> None:
    script = "head -c 5000000 /dev/zero >&2; echo out"
    status, out, err = communicate(start(script), b"", seconds=30, limit=100)
    assert (status, out, len(err)) == (0, b"out\n", 256 * 1024)


def test_a_process_without_pipes() -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", "exit 4"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    assert communicate(process, b"", seconds=30, limit=0) == (4, b"", b"")
