"""imagebot, killed at one moment of publishing: `python -m tests.soak.killed 3 run …`.

Moments are counted from 1: before and after each push, and each call of the sandbox's forge.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import Any

from imagebot.forge.sandbox import SandboxForge
from imagebot.git.checkout import Checkout


def main() -> None:
    last, moments = int(sys.argv.pop(1)), itertools.count(1)

    def moment() -> None:
        if next(moments) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def work(*args: Any, **options: Any) -> Any:
            moment()
            result = call(*args, **options)
            moment()
            return result

        return work

    for owner, names in ((Checkout, ("push", "delete_branch")), (SandboxForge, _public())):
        for name in names:
            setattr(owner, name, watched(getattr(owner, name)))
    runpy.run_module("imagebot", run_name="__main__", alter_sys=True)


def _public() -> tuple[str, ...]:
    found = inspect.getmembers(SandboxForge, inspect.isfunction)
    return tuple(name for name, _ in found if not name.startswith("_"))


if __name__ == "__main__":
    main()
