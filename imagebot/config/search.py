"""Finding the configuration that governs a folder."""

from __future__ import annotations

import os
from pathlib import Path

from imagebot.errors import ConfigIssue, ConfigurationError

FILE_NAME = "imagebot.yaml"

_MISNAMED = ("imagebot.yml", ".imagebot.yaml", ".imagebot.yml")


def find_configuration(start: Path) -> Path | None:
    """The nearest imagebot.yaml at or above `start`, not looking beyond the root of its checkout.

    Outside of any checkout only `start` itself is looked at: a file further up belongs to
    somebody else. Raises ConfigurationError where a file is there under another name, or is a
    link that leads out of the checkout (or folder).
    """
    folder = start.resolve()
    above = [folder, *folder.parents]
    root = next((parent for parent in above if _is_there(parent / ".git")), folder)
    for parent in above[: above.index(root) + 1]:
        candidate = parent / FILE_NAME
        if _is_there(candidate):
            _refuse_to_leave(root, candidate)
            return candidate
        misnamed = next((parent / name for name in _MISNAMED if _is_there(parent / name)), None)
        if misnamed is not None:
            raise _refused(
                misnamed, "imagebot does not read a file of this name", f"rename it to {FILE_NAME}"
            )
    return None


def _is_there(path: Path) -> bool:
    """Whether there is anything of this name: reading it will say what is wrong with it. What
    may not be looked at counts as missing."""
    return os.path.lexists(path)


def _refuse_to_leave(root: Path, path: Path) -> None:
    """A tree must not make imagebot read files of the machine, which issues quote.

    Git's own files are not part of the tree, and may hold credentials. Raises ConfigurationError.
    """
    if not path.is_symlink():
        return
    # Not Path.resolve, which raises where links go in a circle.
    target = Path(os.path.realpath(path))
    own = target.relative_to(root).parts if target.is_relative_to(root) else (".git",)
    if any(part.lower() == ".git" for part in own):
        reason = f"is a link that leads out of {root}, and is not followed"
        raise _refused(path, reason, "put the file itself there")


def _refused(path: Path, reason: str, hint: str) -> ConfigurationError:
    return ConfigurationError((ConfigIssue(str(path), 0, 0, "", reason, hint),))
