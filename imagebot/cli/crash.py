"""Writes the log of a bug for a report: versions and the traceback, but no environment."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from imagebot import __version__
from imagebot.text import redact

_LIBRARIES = ("click", "google-re2", "httpx", "pydantic", "PyGithub", "ruamel.yaml")


def write_crash_log(error: Exception, arguments: Sequence[str]) -> Path:
    """Write the log under the user's log folder (or the temporary one) and return its path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    lines = [
        f"imagebot {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {metadata.version(name)}" for name in _LIBRARIES),
        f"arguments: {list(arguments)!r}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    text = redact("\n".join(lines))
    path = _log_folder() / f"crash-{stamp}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(text, "utf-8")
    except OSError as failure:
        sys.stderr.write(text)
        return Path(f"(not written: {failure})")
    return path


def _log_folder() -> Path:
    from platformdirs import user_log_path

    folder = user_log_path("imagebot", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:  # a read-only root, as in the container
        return Path(tempfile.gettempdir())
    return folder
