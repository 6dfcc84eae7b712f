"""Keeps facts about digests on disk for ever. Deleting it costs nothing but time.

There is one small file per digest. A file is written under another name and then renamed, so that
processes can share the folder: a reader sees a whole file or none, and of two writers the later
wins with the same facts. A damaged file counts as missing. No file has names, addresses or
credentials in it; where a fact is about a tag, its name is hashed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from imagebot.files.atomic import write_whole
from imagebot.reference import is_digest
from imagebot.registry.api import Pushed
from imagebot.text import clean

_VERSION = "metadata-1"
_MAX_FILES = 20_000
_MAX_FILE = 64 * 1024
_MAX_PUSHES = 100
"""So many tags of one digest have their push times kept."""
_KEPT_IN_MEMORY = 4096
_PRUNE_EVERY = 500


class MetadataCache:
    """Makes `folder` when it is needed. Safe between threads and processes.

    Keeps nothing, without an error, where the folder cannot be written to.
    """

    def __init__(self, folder: Path, *, max_files: int = _MAX_FILES) -> None:
        self._folder = folder / _VERSION
        self._max_files = max_files
        self._lock = threading.Lock()
        self._memory: dict[str, Mapping[str, object]] = {}
        self._writes = 0

    def platforms(self, digest: str) -> tuple[str, ...] | None:
        """The platforms; None when they are not known."""
        return self._texts(digest, "platforms")

    def keep_platforms(self, digest: str, platforms: tuple[str, ...]) -> None:
        self._keep(digest, "platforms", list(platforms))

    def images(self, digest: str) -> tuple[str, ...] | None:
        """The digests of what is in an index; None when they are not known."""
        return self._texts(digest, "images")

    def keep_images(self, digest: str, images: tuple[str, ...]) -> None:
        self._keep(digest, "images", list(images))

    def created(self, digest: str) -> tuple[bool, datetime | None]:
        """Whether the date is known, and the date; a known None says that the image has none."""
        facts = self._facts(digest)
        if "created" not in facts:
            return False, None
        date = _parse_time(facts["created"])
        return facts["created"] is None or date is not None, date

    def keep_created(self, digest: str, created: datetime | None) -> None:
        self._keep(digest, "created", created.isoformat() if created else None)

    def _texts(self, digest: str, key: str) -> tuple[str, ...] | None:
        found = self._facts(digest).get(key)
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            return None
        return tuple(found)

    def pushed(self, digest: str, name: str) -> Pushed | None:
        """When the tag called `name` (`host/path:tag`) was pushed with this digest, if known."""
        found = _as_object(self._facts(digest).get("pushed")).get(_hide(name))
        match found:
            case [at, str(source)] if (time := _parse_time(at)) is not None:
                return Pushed(time, clean(source), digest)
        return None

    def keep_pushed(self, name: str, pushed: Pushed) -> None:
        """Nothing without a digest: where a tag points to may change."""
        digest = pushed.digest or ""
        known = _as_object(self._facts(digest).get("pushed"))
        if len(known) < _MAX_PUSHES and self.pushed(digest, name) is None:
            entry = [pushed.at.isoformat(), pushed.source]
            self._keep(digest, "pushed", {**known, _hide(name): entry})

    def _facts(self, digest: str) -> Mapping[str, object]:
        if not is_digest(digest):
            return {}
        with self._lock:
            if digest in self._memory:
                return self._memory[digest]
        facts = _read(self._path(digest))
        self._remember(digest, facts)
        return facts

    def _keep(self, digest: str, key: str, value: object) -> None:
        if not is_digest(digest):
            return
        facts = {**self._facts(digest), key: value}
        self._remember(digest, facts)
        # With a full disk or a read-only folder, the bot is only slower.
        with contextlib.suppress(OSError):
            _write(self._path(digest), json.dumps(facts).encode())
        with self._lock:
            self._writes += 1
            prune = self._writes % _PRUNE_EVERY == 1
        if prune:
            self._prune()

    def _remember(self, digest: str, facts: Mapping[str, object]) -> None:
        with self._lock:
            if len(self._memory) >= _KEPT_IN_MEMORY:
                self._memory.clear()
            self._memory[digest] = facts

    def _path(self, digest: str) -> Path:
        algorithm, _, text = digest.partition(":")
        return self._folder / text[:2] / f"{algorithm}-{text}.json"

    def _prune(self) -> None:
        """Remove the oldest files above the limit, and a tenth more, so as not to prune often."""
        files = sorted(self._files())
        if len(files) <= self._max_files:
            return
        for _, path in files[: len(files) - self._max_files * 9 // 10]:
            with contextlib.suppress(OSError):
                path.unlink()

    def _files(self) -> Iterator[tuple[float, Path]]:
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*/*"):
                with contextlib.suppress(OSError):
                    yield path.stat().st_mtime, path


def _as_object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _parse_time(value: object) -> datetime | None:
    from imagebot.registry.image import parse_time

    return parse_time(value)


def _hide(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _read(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _write(path: Path, data: bytes) -> None:
    # mkdir's mode only applies to the last folder, so make each of them in turn.
    for folder in (path.parent.parent.parent, path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, data)
