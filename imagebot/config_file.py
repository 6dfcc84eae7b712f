"""Finding and reading configuration files."""

from __future__ import annotations

import stat
from pathlib import Path

from imagebot.errors import FolderError

FILE_NAME = "imagebot.yaml"
MAX_BYTES = 1 << 20


def find_configuration(start: Path) -> Path | None:
    """The nearest imagebot.yaml at or above `start`, not looking beyond the root of its checkout.

    Outside of any checkout only `start` itself is looked at: a file further up belongs to
    somebody else.
    """
    folder = start.resolve()
    above = [folder, *folder.parents]
    root = next((parent for parent in above if (parent / ".git").exists()), folder)
    for parent in above[: above.index(root) + 1]:
        candidate = parent / FILE_NAME
        if candidate.is_file():
            return candidate
    return None


def read_configuration(path: Path) -> str:
    """The text of a configuration file. Raises FolderError."""
    try:
        with path.open("rb") as file:
            # A fifo or a device could be read from for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                raise FolderError(str(path), "is no regular file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FolderError(str(path), f"cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise FolderError(str(path), f"is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FolderError(str(path), f"is no UTF-8 text (line {line})") from error


def create_configuration(path: Path, text: str, *, replace: bool) -> None:
    """Write a new configuration file whole or not at all. Raises FolderError."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, "utf-8")
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)  # refuses a file that has come to be meanwhile
            draft.unlink()
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = error.strerror or type(error).__name__
        raise FolderError(str(path), f"cannot be written: {reason}") from error
