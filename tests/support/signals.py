"""Start programs with the signals of a terminal's foreground job, whatever ours are.

A shell's background job ignores SIGINT, nohup makes it ignore SIGHUP, and some supervisors block or
ignore others: everything that the tests start would inherit that.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Collection, Sequence

RESET = """\
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
    ignored = str(int(number)) in sys.argv[1].split(",")
    signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [int(each) for each in sys.argv[2].split(",") if each])
os.execvp(sys.argv[3], sys.argv[3:])
"""


def with_signals(
    argv: Sequence[str],
    *,
    ignored: Collection[signal.Signals] = (),
    blocked: Collection[signal.Signals] = (),
) -> list[str]:
    """A command that becomes argv, in the same process, with only these ignored and blocked."""
    lists = (",".join(str(int(number)) for number in each) for each in (ignored, blocked))
    return [sys.executable, "-I", "-S", "-c", RESET, *lists, *argv]
