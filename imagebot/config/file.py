"""Reads configuration files, and others that somebody names in them."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

from imagebot.errors import ConfigIssue, ConfigurationError

MAX_BYTES = 1 << 20
_PATIENCE = 10.0
"""Seconds that whoever writes into a pipe has for all of it."""


def shown_path(path: Path) -> str:
    """A path as messages give it: relative to the current folder where it is in or below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_configuration(path: Path) -> str:
    """The text of a configuration file. Raises ConfigurationError."""
    try:
        content = _read_regular(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _unreadable(path, f"cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise _unreadable(path, f"larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"not UTF-8 text, see line {line}") from error


def read_named(path: str | os.PathLike[str], most: int, *, patience: float = _PATIENCE) -> bytes:
    """At most one byte more than `most` of a file, or of a pipe to which somebody writes.

    Raises OSError, also when nobody has written all of it after `patience` seconds.
    """
    # Not blocking: opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        end = time.monotonic() + patience
        content = b""
        while len(content) <= most:
            if not waiting.poll(max(0.0, end - time.monotonic()) * 1000):
                raise TimeoutError(errno.ETIMEDOUT, "a pipe to which nobody writes")
            more = os.read(handle, most + 1 - len(content))
            if not more:
                break
            content += more
        return content
    finally:
        os.close(handle)


def _read_regular(path: Path) -> bytes:
    """At most one byte more than is allowed. Raises ConfigurationError and OSError."""
    # Not blocking: opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _unreadable(path, "not a regular file")
        content = b""
        while len(content) <= MAX_BYTES and (more := os.read(handle, MAX_BYTES + 1 - len(content))):
            content += more
        return content
    finally:
        os.close(handle)


def _unreadable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError((ConfigIssue(str(path), 0, 0, "", reason),))
