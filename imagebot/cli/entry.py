"""What the installed command calls: from here on signals are obeyed, before the rest is loaded."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from typing import NoReturn

from imagebot.parallel.stop import STATUS, Stop
from imagebot.run.signals import prepare_process


def entry() -> None:
    """Run the command line of this process, and end it."""
    stop = Stop()
    try:
        prepare_process(stop)
        code = _run(stop)
    except KeyboardInterrupt:  # before the command began
        code = STATUS
    _leave(code)


def _run(stop: Stop) -> int:
    from imagebot.parallel.processes import raise_gc_threshold

    # First of all: imports make many values, too.
    raise_gc_threshold()
    from imagebot.cli.environment import take_environment
    from imagebot.cli.main import main
    from imagebot.run.process import Process

    environment = take_environment(os.environ)
    arguments = tuple(sys.argv[1:])
    return main(arguments, Process(arguments=arguments, environment=environment, stop=stop))


def _leave(code: int) -> NoReturn:
    """End the process without the interpreter's own end.

    That stops other threads wherever they are, and aborts when one of them is in C++, as RE2 is; it
    is killed by a signal that comes late; and after an interrupt in `exec`, with which dataclasses
    are made, it sends SIGINT to itself.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - what multiprocessing's own children call, too
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
