"""Passes one after another: Ctrl-C lets the current one finish, SIGTERM does not."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

import imagebot.run.repeat as repeat_module
from imagebot.parallel.stop import Stop
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.journal import Journal
from tests.support.process import PATIENCE
from tests.support.signals import with_signals

SCRIPT = """\
import pathlib, sys, time
from imagebot.parallel.stop import Stop
from imagebot.run.signals import prepare_process
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.journal import Journal
from imagebot.problem import Exit
from imagebot.run.repeat import repeat
from imagebot.errors import GitError

folder = pathlib.Path(sys.argv[1])
seconds = float(sys.argv[2])
passes = 0

def one_pass():
    global passes
    passes += 1
    folder.joinpath(f"began-{passes}").touch()
    while not folder.joinpath(f"go-{passes}").exists():
        time.sleep(0.005)
    stop.rest()
    folder.joinpath(f"ended-{passes}").touch()
    if passes == 2:
        raise GitError("remote", "is away", hint="wait")
    return Exit.FAILED if passes == 1 else Exit.WELL

stop = Stop()
prepare_process(stop)
try:
    sys.exit(repeat(one_pass, seconds, Journal(Diagnostics()), stop))
except KeyboardInterrupt:
    sys.exit(130)
"""

Wait = Callable[[Callable[[], bool]], None]


def start(
    folder: Path, seconds: str, *, ignored: Collection[signal.Signals] = ()
) -> subprocess.Popen[str]:
    argv = with_signals([sys.executable, "-c", SCRIPT, str(folder), seconds], ignored=ignored)
    return subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_lets_the_current_pass_finish(tmp_path: Path, wait_until: Wait) -> None:
    with start(tmp_path, "1000") as process:
        wait_until(tmp_path.joinpath("began-1").exists)
        process.send_signal(signal.SIGINT)
        tmp_path.joinpath("go-1").touch()
        assert process.wait(PATIENCE) == 1
    assert tmp_path.joinpath("ended-1").exists()


def test_sigterm_interrupts_the_current_pass(tmp_path: Path, wait_until: Wait) -> None:
    with start(tmp_path, "1000") as process:
        wait_until(tmp_path.joinpath("began-1").exists)
        process.terminate()
        assert process.wait(PATIENCE) == 130
    assert not tmp_path.joinpath("ended-1").exists()


def test_so_does_the_second_ctrl_c(tmp_path: Path, wait_until: Wait) -> None:
    with start(tmp_path, "1000") as process:
        wait_until(tmp_path.joinpath("began-1").exists)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        # One that comes while the interpreter ends has the system's own effect.
        assert process.returncode in (130, -signal.SIGINT)
    assert not tmp_path.joinpath("ended-1").exists()


def test_where_sigint_is_ignored_only_sigterm_ends_it(tmp_path: Path, wait_until: Wait) -> None:
    """Ctrl-C is meant for the job in the foreground, not for one that was started with `&`."""
    for number in (1, 2):
        tmp_path.joinpath(f"go-{number}").touch()
    with start(tmp_path, "0", ignored=[signal.SIGINT]) as process:
        wait_until(tmp_path.joinpath("began-3").exists)
        process.send_signal(signal.SIGINT)
        tmp_path.joinpath("go-3").touch()
        wait_until(tmp_path.joinpath("began-4").exists)
        process.terminate()
        assert process.wait(PATIENCE) == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pause_is_cut_short(tmp_path: Path, wait_until: Wait, number: signal.Signals) -> None:
    """The pass is over, so nothing is interrupted."""
    tmp_path.joinpath("go-1").touch()
    with start(tmp_path, "1000") as process:
        wait_until(tmp_path.joinpath("ended-1").exists)
        process.send_signal(number)
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "asked to stop; the last pass is finished\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_right_after_a_pass_interrupts_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    """Wherever it comes: the handlers run in the main thread, between any two steps of it."""
    code = f"""\
import os, sys
from imagebot.parallel.stop import Stop
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.journal import Journal
from imagebot.run.repeat import repeat
from imagebot.run.signals import prepare_process

stop, steps, after = Stop(), 0, int(sys.argv[1])

def trace(frame, event, argument):
    global steps
    steps += 1
    if steps == after:
        sys.settrace(None)
        os.kill(os.getpid(), {int(number)})
    return trace

def one_pass():
    stop.rest()
    sys.settrace(trace)
    return Exit.FAILED

def sleep(seconds):
    sys.settrace(None)
    os.kill(os.getpid(), {int(number)})

prepare_process(stop)
sys.exit(repeat(one_pass, 10, Journal(Diagnostics(quiet=True)), stop, sleep=sleep))
"""
    for step in (1, 2, 3, 5, 8, 13, 21, 10_000):
        done = subprocess.run(
            with_signals([sys.executable, "-c", code, str(step)]), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (1, b""), step


def test_a_failed_pass_is_told_and_followed_by_another(tmp_path: Path, wait_until: Wait) -> None:
    for number in (1, 2):
        tmp_path.joinpath(f"go-{number}").touch()
    with start(tmp_path, "0") as process:
        wait_until(tmp_path.joinpath("began-3").exists)
        process.send_signal(signal.SIGINT)
        tmp_path.joinpath("go-3").touch()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert "remote: is away\nhint: wait\n" in process.stderr.read()


def test_a_pass_starts_every_so_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a pass is part of the interval, that of the first one too."""
    now, waits = [0.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds
        if len(waits) == 4:
            raise KeyboardInterrupt

    def one_pass() -> Exit:
        now[0] += 12.0 if len(waits) == 2 else 3.0
        return Exit.WELL

    monkeypatch.setattr("imagebot.run.repeat.time.monotonic", lambda: now[0])
    monkeypatch.setattr(repeat_module, "on_interrupt", lambda handler: None)
    journal = Journal(Diagnostics(quiet=True))
    code = repeat_module.repeat(one_pass, 10, journal, Stop(), sleep=sleep)
    assert code == Exit.WELL
    assert waits == [7.0, 7.0, 0.0, 7.0]
