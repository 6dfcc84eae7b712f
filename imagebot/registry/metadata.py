"""Read from its manifests what an image runs on and when it was built.

All content is checked against its digest, so a fact about a digest is true for ever, in every
repository.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from imagebot.errors import RegistryProtocolError
from imagebot.reference import is_digest
from imagebot.registry.image import (
    ImageConfig,
    ImageManifest,
    IndexEntry,
    parse_config,
    parse_manifest,
)
from imagebot.text import clean

_MAX_DEPTH = 4
_MAX_FETCHES = 64

Fetch = Callable[[str], bytes]
"""The bytes of a manifest or blob, by digest."""


class MetadataReader:
    """Reads one image; errors are about `subject`. For one use, in one thread."""

    def __init__(self, subject: str, manifest: Fetch, blob: Fetch) -> None:
        self._subject = subject
        self._fetch_manifest = manifest
        self._fetch_blob = blob
        self._fetches = 0

    def platforms(self, digest: str) -> tuple[str, ...]:
        """`os/architecture[/variant]`, in the order of the index, each once.

        Empty for anything but an image (a chart, an artifact). Raises RegistryError.
        """
        return tuple(dict.fromkeys(self._platforms(digest, _MAX_DEPTH)))

    def images(self, digest: str) -> tuple[str, ...]:
        """The digests of the images and indexes in an index, each once; without attestations.

        Empty for anything else. Raises RegistryError.
        """
        return tuple(dict.fromkeys(self._images(digest, _MAX_DEPTH)))

    def created(self, digest: str) -> datetime | None:
        """The date in the index's annotations or, of the first image, in its configuration or
        annotations. Raises RegistryError.
        """
        return self._created(digest, _MAX_DEPTH)

    def _platforms(self, digest: str, depth: int) -> Iterator[str]:
        manifest = self._manifest(digest, depth)
        for entry in manifest.entries:
            if entry.platform and not entry.is_attestation:
                yield entry.platform
            elif entry.is_index or entry.is_image:
                yield from self._platforms(entry.digest, depth - 1)
        config = self._config(manifest)
        if config and config.platform:
            yield config.platform

    def _images(self, digest: str, depth: int) -> Iterator[str]:
        for entry in self._manifest(digest, depth).entries:
            if entry.is_index or entry.is_image:
                yield entry.digest
            if entry.is_index:
                yield from self._images(entry.digest, depth - 1)

    def _created(self, digest: str, depth: int) -> datetime | None:
        manifest = self._manifest(digest, depth)
        first = next((e for e in manifest.entries if e.is_image or e.is_index), None)
        if first:
            # No further request when the index says it: Docker Hub counts each GET as a pull.
            return manifest.created or first.created or self._created_of(first, depth)
        config = self._config(manifest)
        return (config.created if config else None) or manifest.created

    def _created_of(self, entry: IndexEntry, depth: int) -> datetime | None:
        return self._created(entry.digest, depth - 1)

    def _manifest(self, digest: str, depth: int) -> ImageManifest:
        if depth <= 0:
            raise RegistryProtocolError(self._subject, "indexes are nested too deeply")
        return parse_manifest(self._subject, self._checked(self._fetch_manifest, digest))

    def _config(self, manifest: ImageManifest) -> ImageConfig | None:
        if manifest.config is None:
            return None
        return parse_config(self._subject, self._checked(self._fetch_blob, manifest.config))

    def _checked(self, fetch: Fetch, digest: str) -> bytes:
        self._fetches += 1
        if self._fetches > _MAX_FETCHES:
            raise RegistryProtocolError(
                self._subject, f"the image has more than {_MAX_FETCHES} manifests"
            )
        if not is_digest(digest):
            raise RegistryProtocolError(self._subject, f"{clean(digest)!r} is not a digest")
        body = fetch(digest)
        algorithm, _, wanted = digest.partition(":")
        if hashlib.new(algorithm, body).hexdigest() != wanted:
            raise RegistryProtocolError(
                self._subject,
                f"the content that the registry returned for {digest} has another digest",
            )
        return body
