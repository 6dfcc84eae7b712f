"""The content of the sandbox's registry: blobs, image manifests and tags, by repository.

Everything is in memory. With a directory, every change is also written there, and a registry that
starts on the same directory has the same content.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import field
from pathlib import Path
from typing import Any

from imagebot.errors import FolderError, InvalidReferenceError
from imagebot.files.atomic import write_whole
from imagebot.reference import is_digest, is_tag, parse_repository
from imagebot.values import dataclass

MAX_TOTAL = 512 * 1024 * 1024
"""Bytes of all content together: a sandbox on somebody's machine has no need for more."""

_INDEX = "repositories.json"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


class StorageFullError(Exception):
    """The content would be more than MAX_TOTAL."""


@dataclass(frozen=True, slots=True)
class StoredManifest:
    digest: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class _Contents:
    """One repository. `manifests` are media types by digest, `tags` digests by tag."""

    manifests: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """algorithm: "sha256" or "sha512", the two that the image specification registers."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def is_media_type(text: str) -> bool:
    """Also that it is safe in a header: RFC 6838's names, without parameters."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def is_repository(name: str) -> bool:
    """Whether the name is a repository's, without a host: `team/app`."""
    try:
        # The host keeps the first component of the name from being taken for one.
        return parse_repository(f"localhost/{name}").path == name
    except InvalidReferenceError:
        return False


class Storage:
    """Safe to use from many threads. Names, tags and digests given to it are checked before."""

    def __init__(self, directory: Path | None = None) -> None:
        """Raises FolderError when the directory holds something that no registry wrote."""
        self._lock = threading.RLock()
        self._content: dict[str, bytes] = {}
        self._size = 0
        self._repositories: dict[str, _Contents] = {}
        self._directory = directory
        if directory is not None:
            self._load(directory)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        """Sorted by bytes; None for a repository that nothing was ever pushed to."""
        with self._lock:
            contents = self._repositories.get(repository)
            return None if contents is None else tuple(sorted(contents.tags))

    def manifest(self, repository: str, reference: str) -> StoredManifest | None:
        """By tag or by digest."""
        with self._lock:
            contents = self._repositories.get(repository, _Contents())
            digest = contents.tags.get(reference, reference)
            media_type = contents.manifests.get(digest)
            if media_type is None:
                return None
            return StoredManifest(digest, media_type, self._content[digest])

    def blob(self, repository: str, digest: str) -> bytes | None:
        """A blob that was pushed to, or mounted in, this repository."""
        with self._lock:
            known = digest in self._repositories.get(repository, _Contents()).blobs
            return self._content[digest] if known else None

    def put_blob(self, repository: str, digest: str, data: bytes) -> None:
        """Raises StorageFullError. The caller has checked that the digest is that of the data."""
        with self._lock:
            self._keep(digest, data)
            self._repositories.setdefault(repository, _Contents()).blobs.add(digest)
            self._save()

    def put_manifest(
        self, repository: str, digest: str, media_type: str, data: bytes, tag: str | None
    ) -> None:
        """Raises StorageFullError. A tag that is there already moves."""
        with self._lock:
            self._keep(digest, data)
            contents = self._repositories.setdefault(repository, _Contents())
            contents.manifests[digest] = media_type
            if tag is not None:
                contents.tags[tag] = digest
            self._save()

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """A tag alone, or by digest the image manifest with all its tags. False: not there."""
        with self._lock:
            contents = self._repositories.get(repository, _Contents())
            if contents.tags.pop(reference, None) is None:
                if contents.manifests.pop(reference, None) is None:
                    return False
                contents.tags = {t: d for t, d in contents.tags.items() if d != reference}
            self._save()
            self._forget_unnamed()
            return True

    def delete_blob(self, repository: str, digest: str) -> bool:
        with self._lock:
            contents = self._repositories.get(repository, _Contents())
            if digest not in contents.blobs:
                return False
            contents.blobs.remove(digest)
            self._save()
            self._forget_unnamed()
            return True

    def _keep(self, digest: str, data: bytes) -> None:
        if digest in self._content:
            return
        if self._size + len(data) > MAX_TOTAL:
            raise StorageFullError
        self._content[digest] = data
        self._size += len(data)
        file = self._directory and _content_file(self._directory, digest)
        if file and not file.exists():
            _write(file, data)

    def _forget_unnamed(self) -> None:
        """Drop the content that no repository names any more."""
        named = {d for c in self._repositories.values() for d in c.blobs | c.manifests.keys()}
        for digest in self._content.keys() - named:
            self._size -= len(self._content.pop(digest))
            if self._directory is not None:
                _content_file(self._directory, digest).unlink(missing_ok=True)

    def _save(self) -> None:
        if self._directory is None:
            return
        document = {
            name: {"manifests": c.manifests, "tags": c.tags, "blobs": sorted(c.blobs)}
            for name, c in self._repositories.items()
        }
        _write(self._directory / _INDEX, json.dumps(document, indent=2).encode())

    def _load(self, directory: Path) -> None:
        index = directory / _INDEX
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not index.exists():
                return
            document = json.loads(index.read_bytes())
            self._repositories = {name: _contents(name, c) for name, c in document.items()}
            for contents in self._repositories.values():
                for digest in contents.blobs | contents.manifests.keys():
                    self._keep(digest, _read(directory, digest))
        except (
            OSError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            RecursionError,
        ) as error:
            raise FolderError(
                str(directory),
                f"it is not the folder of a demo registry: {error}",
                hint="name another folder, or remove this one",
            ) from error


def _contents(name: str, entry: dict[str, Any]) -> _Contents:
    contents = _Contents(dict(entry["manifests"]), dict(entry["tags"]), set(entry["blobs"]))
    right = (
        is_repository(name)
        and all(map(is_digest, contents.blobs | contents.manifests.keys()))
        and all(map(is_media_type, contents.manifests.values()))
        and all(map(is_tag, contents.tags))
        and contents.manifests.keys() >= set(contents.tags.values())
    )
    if not right:
        raise ValueError(f"the entry of {name!r} has a name, tag or digest that cannot be")
    return contents


def _content_file(directory: Path, digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    return directory / "blobs" / algorithm / value


def _read(directory: Path, digest: str) -> bytes:
    data = _content_file(directory, digest).read_bytes()
    if digest_of(data, digest.partition(":")[0]) != digest:
        raise ValueError(f"the content of {digest} was changed")
    return data


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: a sandbox that was interrupted can be started again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data, mode=0o666)
