"""Imports httpx without its command line."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import cast

_COMMAND_LINE = "httpx._main"
_LAST = "imagebot.http.network"


def load_httpx() -> None:
    """Import httpx, if that has not been done.

    Where rich is installed, httpx imports its own command line with it, and that rich and pygments:
    they take longer than the rest. A module that is None cannot be imported, and httpx has an
    answer for that, because its command line is an extra.
    """
    if "httpx" in sys.modules:
        return
    sys.modules.setdefault(_COMMAND_LINE, cast("ModuleType", None))
    try:
        import httpx  # noqa: F401 - for those who use it
    finally:
        if sys.modules.get(_COMMAND_LINE) is None:
            sys.modules.pop(_COMMAND_LINE, None)


def load_meanwhile() -> None:
    """Import what sends requests in another thread, while this one waits for something else."""
    if _LAST not in sys.modules:
        threading.Thread(target=load_all, name="load-http", daemon=True).start()


def load_all() -> None:
    """Import what sends requests."""
    load_httpx()
    import imagebot.http.backend
    import imagebot.http.network  # noqa: F401 - for those who use it
