"""Start a server process, wait until it is ready, and take its whole process group down again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

PATIENCE = 60.0
"""Seconds that the tests wait for what comes at once on a quiet machine, before they fail."""


T = TypeVar("T")


class StartError(Exception):
    """A server did not start; the message ends with the tail of its log."""


@contextlib.contextmanager
def running(
    argv: Sequence[str],
    *,
    log: Path,
    ready: Callable[[str], T | None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[T]:
    """Run argv until the block ends and yield what `ready` found.

    `ready` is asked again and again with the log so far, and answers None for "not yet".
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(env) if env is not None else None,
            cwd=cwd,
        )
    try:
        yield _wait(process, log, ready)
    finally:
        end(process)


def _wait(process: subprocess.Popen[bytes], log: Path, ready: Callable[[str], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = ready(log.read_text(errors="replace"))
        if found is not None:
            return found
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(timeout=0.02)
            raise StartError(f"{process.args!r} ended with status {status}\n{_tail(log)}")
    raise StartError(f"{process.args!r} was not ready after {PATIENCE:g} s\n{_tail(log)}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate a process that leads a group, and all of that group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Children that outlived their leader, or a leader that ignored SIGTERM.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
