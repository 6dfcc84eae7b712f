"""What a shell, a supervisor or nohup hands over to imagebot: signals and standard streams."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import deployment
from tests.support.process import PATIENCE
from tests.support.signals import with_signals

Wait = Callable[[Callable[[], bool]], None]
Signals = Collection[signal.Signals]
IMAGEBOT = [sys.executable, "-m", "imagebot"]
INTERRUPTED = (130, "interrupted")


@contextmanager
def picking(
    wait_until: Wait, *, ignored: Signals = (), blocked: Signals = ()
) -> Iterator[subprocess.Popen[str]]:
    """A `pick` that has read a tag from its standard input and waits for more."""
    argv = with_signals(
        [*IMAGEBOT, "pick", "-", "-q", "--semver", "*"], ignored=ignored, blocked=blocked
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        process.stdin.write("1.0.0\n")
        process.stdin.flush()
        unread = process.stdin.fileno()
        wait_until(lambda: not any(fcntl.ioctl(unread, termios.FIONREAD, bytes(4))))
        yield process


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Close its standard input; its exit code, and what it said."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, (out + err).strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_obeyed(wait_until: Wait, number: signal.Signals) -> None:
    with picking(wait_until) as process:
        process.send_signal(number)
        assert end(process) == INTERRUPTED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_is_ignored_for_a_background_job_stays_so(
    wait_until: Wait, number: signal.Signals
) -> None:
    """A shell ignores SIGINT for what it starts with `&`, and nohup ignores SIGHUP."""
    with picking(wait_until, ignored=[number]) as process:
        process.send_signal(number)
        assert end(process) == (0, "1.0.0")


def test_sigterm_ends_it_even_where_it_is_ignored(wait_until: Wait) -> None:
    with picking(wait_until, ignored=[signal.SIGTERM, signal.SIGINT]) as process:
        process.terminate()
        assert end(process) == INTERRUPTED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_is_blocked_still_ends_it(wait_until: Wait, number: signal.Signals) -> None:
    with picking(wait_until, blocked=[number]) as process:
        process.send_signal(number)
        assert end(process) == INTERRUPTED


def test_the_exit_codes_of_git_are_seen_where_sigchld_is_ignored(folder: Path) -> None:
    """The system then clears away a child without saying how it ended."""
    argv = [*IMAGEBOT, "run"]
    plain, ignoring = (
        subprocess.run(
            with_signals(argv, ignored=ignored), capture_output=True, text=True, check=False
        )
        for ignored in ([], [signal.SIGCHLD])
    )
    assert (ignoring.returncode, ignoring.stderr) == (plain.returncode, plain.stderr)
    assert plain.returncode == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("pick - -q --semver 1 <&-", 5),
        ("scan >&-", 0),
        ("update --no-config 2>&-", 1),
        ("update --no-config <&- >&- 2>&-", 1),
    ],
)
def test_standard_streams_may_be_closed(folder: Path, command: str, code: int) -> None:
    folder.joinpath("a.yaml").write_text(deployment("127.0.0.1:1/app:1.0.0"))
    script = f"exec {sys.executable} -m imagebot {command}"
    done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == code
    assert b"sorry" not in done.stdout + done.stderr
