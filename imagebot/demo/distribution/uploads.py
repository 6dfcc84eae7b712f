"""Blob uploads that are under way in the sandbox's registry."""

from __future__ import annotations

import threading
import uuid
from dataclasses import field

from imagebot.values import dataclass

MAX_BLOB = 64 * 1024 * 1024
MAX_BYTES = 4 * MAX_BLOB
"""Of all uploads under way together."""
MAX_OPEN = 32
"""Uploads under way at once; the oldest is given up for one more, as if it had expired."""


class UnknownUploadError(Exception):
    """Finished, given up, or never started."""


class UploadTooLargeError(Exception):
    """More than MAX_BLOB bytes, or more than MAX_BYTES in all."""


class WrongOffsetError(Exception):
    """A chunk that does not begin where the last one ended."""


@dataclass(slots=True)
class _Upload:
    repository: str
    data: bytearray = field(default_factory=bytearray)


class Uploads:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, _Upload] = {}

    def start(self, repository: str) -> str:
        """Returns the upload's identifier."""
        identifier = str(uuid.uuid4())
        with self._lock:
            while len(self._open) >= MAX_OPEN:
                del self._open[next(iter(self._open))]
            self._open[identifier] = _Upload(repository)
        return identifier

    def size(self, repository: str, identifier: str) -> int:
        """Raises UnknownUploadError."""
        with self._lock:
            return len(self._find(repository, identifier).data)

    def append(self, repository: str, identifier: str, chunk: bytes, offset: int | None) -> int:
        """Returns the size so far. offset: where the chunk says it begins, None if it does not.

        Raises UnknownUploadError, WrongOffsetError, UploadTooLargeError.
        """
        with self._lock:
            data = self._find(repository, identifier).data
            if offset is not None and offset != len(data):
                raise WrongOffsetError
            in_all = sum(len(upload.data) for upload in self._open.values())
            if len(data) + len(chunk) > MAX_BLOB or in_all + len(chunk) > MAX_BYTES:
                raise UploadTooLargeError
            data += chunk
            return len(data)

    def take(self, repository: str, identifier: str) -> bytes:
        """End the upload and return its bytes. Raises UnknownUploadError."""
        with self._lock:
            data = bytes(self._find(repository, identifier).data)
            del self._open[identifier]
            return data

    def _find(self, repository: str, identifier: str) -> _Upload:
        upload = self._open.get(identifier)
        if upload is None or upload.repository != repository:
            raise UnknownUploadError
        return upload
