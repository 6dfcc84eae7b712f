"""Files, folders and commits written straight into a repository, as git stores them.

A call of git for each of them takes most of the time of a test that needs a small repository.
"""

from __future__ import annotations

import hashlib
import os
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path

FOLDER = "40000"


def store(repository: Path, kind: str, data: bytes) -> str:
    """An object of a kind that git knows, such as "blob"; returns its id."""
    whole = b"%s %d\0%s" % (kind.encode(), len(data), data)
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    path = repository / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f"tmp_obj_{os.getpid()}_{threading.get_ident()}")
        draft.write_bytes(zlib.compress(whole, 1))
        draft.chmod(0o444)
        draft.replace(path)
    return name


def store_tree(repository: Path, entries: Mapping[str, tuple[str, str]]) -> str:
    """A tree with these paths, each with its mode and the id of what is there."""
    here: dict[str, tuple[str, str]] = {}
    below: dict[str, dict[str, tuple[str, str]]] = {}
    for path, entry in entries.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            here[name] = entry
    for name, inside in below.items():
        assert name not in here, f"{name} is a file and a folder"
        here[name] = (FOLDER, store_tree(repository, inside))
    lines = (
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(id_)
        for name, (mode, id_) in sorted(here.items(), key=_order)
    )
    return store(repository, "tree", b"".join(lines))


def _order(item: tuple[str, tuple[str, str]]) -> bytes:
    """Git sorts a folder as if its name ended with a slash."""
    name, (mode, _) = item
    return (name + "/" * (mode == FOLDER)).encode()
