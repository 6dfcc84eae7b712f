"""Feed and read one child process within a time and a size, then end its whole process group.

Children start others (git starts ssh and index-pack, a credential helper what it likes), and a
server can keep any of them waiting. Killing the child alone would leave them running, and the pipes
they hold open.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import IO

from imagebot.parallel.stop import Stop

_CHUNK = 65536
_MAX_ERRORS = 256 * 1024


class TimedOutError(Exception):
    """The process group was killed because the time was up."""


class TooMuchOutputError(Exception):
    """The process group was killed because it wrote more than was allowed."""


def communicate(
    start: Callable[[], subprocess.Popen[bytes]],
    payload: bytes,
    *,
    seconds: float,
    limit: int,
    stop: Stop | None = None,
    spare: bool = False,
) -> tuple[int, bytes, bytes]:
    """Status, stdout and stderr (its first 256 KiB) of the process that `start` starts.

    It leads its own group, of which nothing is left afterwards, whatever happens. `payload` goes to
    stdin; a pipe that the process does not have is skipped. `stop` kills it, too; with `spare` not
    at once.
    Raises TimedOutError, TooMuchOutputError for more than `limit` bytes on stdout, and what `start`
    raises; KeyboardInterrupt, instead of starting it, once `stop` was asked.
    """
    with _watched(start, stop or Stop(), spare=spare) as process:
        deadline = time.monotonic() + seconds
        try:
            out, err = _pump(process, payload, deadline, limit)
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TimedOutError from error
    return status, out, err


@contextlib.contextmanager
def _watched(
    start: Callable[[], subprocess.Popen[bytes]], stop: Stop, *, spare: bool
) -> Iterator[subprocess.Popen[bytes]]:
    process = None
    try:
        with stop.starting():
            if not spare:
                stop.check()
            process = start()
            stop.watch(process.pid, spare=spare)
        if not spare:
            stop.check()
        yield process
    finally:
        if process is not None:
            end_group(process)
            stop.forget(process.pid)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the group, reap its leader and close the pipes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _pump(
    process: subprocess.Popen[bytes], payload: bytes, deadline: float, limit: int
) -> tuple[bytes, bytes]:
    out, err = bytearray(), bytearray()
    rest = memoryview(payload)
    with selectors.DefaultSelector() as selector:
        for pipe, collected in ((process.stdout, out), (process.stderr, err)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, collected)
        if process.stdin is not None:
            _register_input(selector, process.stdin, rest)
        while selector.get_map():
            ready = selector.select(deadline - time.monotonic())
            if time.monotonic() > deadline:
                raise TimedOutError
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    rest = _write(selector, process.stdin, rest)
                else:
                    _read(selector, key, limit if key.data is out else None)
    return bytes(out), bytes(err)


def _register_input(selector: selectors.BaseSelector, pipe: IO[bytes], rest: memoryview) -> None:
    if not rest:
        pipe.close()
        return
    os.set_blocking(pipe.fileno(), False)
    selector.register(pipe, selectors.EVENT_WRITE)


def _write(selector: selectors.BaseSelector, pipe: IO[bytes], rest: memoryview) -> memoryview:
    try:
        rest = rest[os.write(pipe.fileno(), rest[:_CHUNK]) :]
    except BrokenPipeError:
        # The process has stopped reading; its status and stderr say why.
        rest = rest[:0]
    if not rest:
        selector.unregister(pipe)
        pipe.close()
    return rest


def _read(selector: selectors.BaseSelector, key: selectors.SelectorKey, limit: int | None) -> None:
    chunk = os.read(key.fd, _CHUNK)
    collected: bytearray = key.data
    if not chunk:
        selector.unregister(key.fileobj)
    elif limit is None:
        collected += chunk[: max(0, _MAX_ERRORS - len(collected))]
    else:
        collected += chunk
        if len(collected) > limit:
            raise TooMuchOutputError
