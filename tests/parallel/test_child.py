"""One child process is bounded in time and size, and nothing of its group is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.parallel import child as child_module
from imagebot.parallel.child import TimedOutError, TooMuchOutputError, communicate
from imagebot.parallel.stop import Stop
from tests.parallel.conftest import Clock
from tests.support.clock import late_once
from tests.support.process import PATIENCE

Start = Callable[[], subprocess.Popen[bytes]]


def start(script: str) -> Start:
    return lambda: subprocess.Popen(
        ["/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def noting(start: Start, started: list[subprocess.Popen[bytes]]) -> Start:
    def noted() -> subprocess.Popen[bytes]:
        started.append(start())
        return started[-1]

    return noted


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
    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(TooMuchOutputError):
        communicate(noting(start("exec yes"), started), b"", seconds=30, limit=1_000_000)
    assert started[0].returncode is not None


def test_errors_without_end_are_cut() -> None:
    script = "head -c 5000000 /dev/zero >&2; echo out"
    status, out, err = communicate(start(script), b"", seconds=30, limit=100)
    assert (status, out, len(err)) == (0, b"out\n", 256 * 1024)


def test_a_process_without_pipes() -> None:
    argv = ["/bin/sh", "-c", "exit 4"]
    found = communicate(
        lambda: subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True),
        b"",
        seconds=30,
        limit=0,
    )
    assert found == (4, b"", b"")


def asked(clock: Clock) -> Stop:
    stop = Stop(clock=clock, sleep=clock.sleep, leave=clock.leave)
    with pytest.raises(KeyboardInterrupt):
        stop.ask()
    return stop


def test_none_is_started_once_the_process_was_asked_to_end(clock: Clock) -> None:
    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(KeyboardInterrupt):
        communicate(noting(start(""), started), b"", seconds=30, limit=0, stop=asked(clock))
    assert started == []


def test_one_that_was_being_started_then_is_killed(clock: Clock) -> None:
    """The main thread is asked by the handler of a signal, which may come at any moment."""
    stop = Stop(clock=clock, sleep=clock.sleep, leave=clock.leave)
    started: list[subprocess.Popen[bytes]] = []

    def start_and_ask() -> subprocess.Popen[bytes]:
        process = noting(start("exec sleep 600"), started)()
        stop.ask()
        return process

    with pytest.raises(KeyboardInterrupt):
        communicate(start_and_ask, b"", seconds=30, limit=0, stop=stop)
    assert started[0].returncode == -signal.SIGKILL


def test_the_end_waits_for_one_that_another_thread_is_starting(
    clock: Clock, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    stop = Stop(clock=clock, sleep=clock.sleep, leave=clock.leave)
    started: list[subprocess.Popen[bytes]] = []
    begun, go_on = threading.Event(), threading.Event()

    def start_slowly() -> subprocess.Popen[bytes]:
        begun.set()
        go_on.wait(PATIENCE)
        return noting(start("exec sleep 600"), started)()

    def run() -> None:
        with contextlib.suppress(KeyboardInterrupt):
            communicate(start_slowly, b"", seconds=30, limit=0, stop=stop)

    running = threading.Thread(target=run)
    running.start()
    begun.wait(PATIENCE)
    with pytest.raises(KeyboardInterrupt):
        stop.ask()
    finishing = threading.Thread(target=stop.finish)
    finishing.start()
    clock.let_pass(1)
    wait_until(lambda: clock.now >= clock.until)
    assert finishing.is_alive()
    go_on.set()
    clock.let_pass(1)
    running.join(PATIENCE)
    assert started[0].returncode == -signal.SIGKILL
    clock.let_pass(1000)
    finishing.join(PATIENCE)
    assert not finishing.is_alive()
