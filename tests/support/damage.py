"""What a full disk, a crash or a bad sector does to a file."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

WAYS = ("cut", "zero", "empty", "gone", "flip", "folder", "link", "lock")


def damage(path: Path, way: str, chance: random.Random) -> str:
    """Do it to a file that is there; what it was, in words."""
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data)) if data else 0
    if way == "cut":
        del data[at:]
    elif way == "flip" and data:
        data[at] ^= 1 << chance.randrange(8)
    elif way == "zero":
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    elif way == "empty":
        data.clear()
    mode = path.stat().st_mode
    if way == "lock":
        Path(f"{path}.lock").touch()
        return f"lock: {path}"
    path.unlink()
    if way == "folder":
        path.mkdir()
        (path / "something").write_bytes(data)
    elif way == "link":
        path.symlink_to("/nonexistent/file")
    elif way != "gone":
        path.write_bytes(data)
        path.chmod(mode)
    return f"{way} at {at}: {path}"


def files_of(folder: Path) -> list[Path]:
    """Every ordinary file in a folder, in an order that stays."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def copy_folder(folder: Path, to: Path) -> None:
    """Put a copy of a folder in the place of whatever is there."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, symlinks=True)
