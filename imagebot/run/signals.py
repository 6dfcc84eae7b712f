"""Sets up signals and standard streams, whatever the parent process did to them."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from imagebot.parallel.stop import Stop

Handler = Callable[[int, FrameType | None], None]


def prepare_process(stop: Stop) -> None:
    """Set up signals and standard streams, before anything else is opened or started.

    SIGTERM asks the process to end, and so do SIGINT and SIGHUP unless they are ignored: a shell
    ignores SIGINT for its background jobs, and nohup SIGHUP.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        stop.ask(hurry=number == signal.SIGINT)

    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name may have characters that the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    # Where SIGCHLD is ignored, the exit codes of git and of credential helpers are lost, and
    # Python takes every one of them for 0.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM})
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, ask)
    # For PID 1 of a container the default action for SIGTERM is to ignore it; and an ordinary exit
    # removes temporary files and locks.
    signal.signal(signal.SIGTERM, ask)


def on_interrupt(handler: Handler) -> None:
    """Call the handler on SIGINT, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def _open_standard_streams() -> None:
    """Open /dev/null for each standard stream that is closed: Python has None in its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest number that is free, which is this one; child processes get it, too.
            opened = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(opened, True)
            stream = open(opened, "w" if number else "r", closefd=False)  # noqa: SIM115 - never closed
            setattr(sys, name, stream)
