"""Bytes of tiny but valid images. No I/O; equal arguments give equal digests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from imagebot.values import dataclass

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Part:
    """An image manifest, an index or a blob, with the members of its descriptor."""

    media_type: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


@dataclass(frozen=True, slots=True)
class Image:
    """An image for several platforms, its parts in the order in which they must be pushed."""

    blobs: tuple[Part, ...]
    manifests: tuple[Part, ...]
    index: Part


@dataclass(frozen=True, slots=True)
class Push:
    """A request that pushes a part: `path` is below `/v2/`."""

    method: str
    path: str
    part: Part
    query: Mapping[str, str] = field(default_factory=dict)


def pushes(made: Image, repository: str, tag: str) -> Iterator[Push]:
    """The requests that push an image, the tag last."""
    for blob in made.blobs:
        yield Push("POST", f"{repository}/blobs/uploads/", blob, {"digest": blob.digest})
    for manifest in made.manifests:
        yield Push("PUT", f"{repository}/manifests/{manifest.digest}", manifest)
    yield Push("PUT", f"{repository}/manifests/{tag}", made.index)


def image(content: str, *, platforms: Sequence[str], created: datetime) -> Image:
    """An image for each of the platforms ("os/architecture[/variant]"), with one file of `content`.

    `created` needs a time zone; it is written into the configurations, as BuildKit does.
    """
    if created.tzinfo is None:
        raise ValueError("the time of creation has no time zone")
    time = created.astimezone(UTC).isoformat().replace("+00:00", "Z")
    blobs: list[Part] = []
    manifests: list[Part] = []
    entries: list[dict[str, Any]] = []
    for name in platforms:
        platform = _platform(name)
        layer, diff_id = _layer(f"{content} {name}\n".encode())
        config = _json(_CONFIG, _configuration(platform, time, diff_id))
        manifest = _json(
            OCI_MANIFEST,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": config.descriptor(),
                "layers": [layer.descriptor()],
            },
        )
        blobs += [layer, config]
        manifests.append(manifest)
        entries.append({**manifest.descriptor(), "platform": platform})
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return Image(tuple(blobs), tuple(manifests), _json(OCI_INDEX, document))


def _platform(name: str) -> dict[str, str]:
    os, architecture, *variant = name.split("/")
    platform = {"architecture": architecture, "os": os}
    return {**platform, "variant": variant[0]} if variant else platform


def _configuration(platform: Mapping[str, str], time: str, diff_id: str) -> dict[str, Any]:
    return {
        **platform,
        "created": time,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": time, "created_by": "imagebot demo"}],
    }


def _layer(content: bytes) -> tuple[Part, str]:
    """The compressed layer, and the digest of its uncompressed content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    tar = buffer.getvalue()
    return Part(_LAYER, gzip.compress(tar, mtime=0)), f"sha256:{hashlib.sha256(tar).hexdigest()}"


def _json(media_type: str, document: Mapping[str, Any]) -> Part:
    return Part(media_type, json.dumps(document, separators=(",", ":")).encode())
