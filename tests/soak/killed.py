"""imagebot, killed at one moment of publishing: `python -m tests.soak.killed 3 run …`.

Moments are counted from 1: before and after each push, and each call of a forge. At the end, the
last line on stderr says how many there were.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from imagebot.forge.github import GitHubForge
from imagebot.forge.sandbox import SandboxForge
from imagebot.git.checkout import Checkout

SAID = "moments: "
# What a call of GitHub's forge sends is a call of its own: it looks first, and then does its work.
_SENT = ("_create", "_edit", "_comments", "_add_comment")


class Moments:
    def __init__(self, last: int) -> None:
        self.last = last
        self.count = 0

    def pass_by(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def work(*args: Any, **options: Any) -> Any:
            self.pass_by()
            result = call(*args, **options)
            self.pass_by()
            return result

        return work

    def say(self) -> None:
        print(f"{SAID}{self.count}", file=sys.stderr, flush=True)


def main() -> None:
    moments = Moments(int(sys.argv.pop(1)))
    for owner, name in _calls():
        setattr(owner, name, moments.watched(getattr(owner, name)))
    atexit.register(moments.say)
    runpy.run_module("imagebot", run_name="__main__", alter_sys=True)


def _calls() -> Iterator[tuple[type, str]]:
    yield from ((Checkout, name) for name in ("push", "delete_branch"))
    for forge in (SandboxForge, GitHubForge):
        found = inspect.getmembers(forge, inspect.isfunction)
        yield from ((forge, name) for name, _ in found if not name.startswith("_"))
    yield from ((GitHubForge, name) for name in _SENT)


if __name__ == "__main__":
    main()
