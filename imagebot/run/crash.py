"""Writes the log of a bug for a report: versions and the traceback, but no environment."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from imagebot import __version__
from imagebot.config.secret import Vault
from imagebot.text import redact

_LIBRARIES = ("click", "google-re2", "httpx", "pydantic", "PyGithub", "ruamel.yaml")


def write_crash_log(arguments: Sequence[str], vault: Vault, error: Exception) -> Path:
    """Write the log, which only we can read, and return its path.

    Into the user's log folder, or a new temporary one; to stderr where neither can be written.
    """
    lines = [
        f"imagebot {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {metadata.version(name)}" for name in _LIBRARIES),
        f"arguments: {list(arguments)!r}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    text = redact(vault.hide("\n".join(lines)))
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    try:
        path = _log_folder() / f"crash-{stamp}.log"
        # Its own, whatever is there by that name.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as failure:
        sys.stderr.write(text)
        return Path(f"(not written: {failure})")
    return path


def _log_folder() -> Path:
    """A folder that only we can enter."""
    from platformdirs import user_log_path

    folder = user_log_path("imagebot", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:  # a read-only root, as in the container
        pass
    return Path(tempfile.mkdtemp(prefix="imagebot-"))
