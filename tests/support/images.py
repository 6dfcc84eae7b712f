"""Bytes of tiny but real images: configurations, layers, image manifests and indexes. No I/O."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ANY_MANIFEST = ", ".join((OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST))

CREATED = "2024-01-02T03:04:05Z"


@dataclass(frozen=True, slots=True)
class Blob:
    media_type: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self, **more: object) -> dict[str, Any]:
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": len(self.data),
            **more,
        }


@dataclass(frozen=True, slots=True)
class Image:
    manifest: Blob
    blobs: tuple[Blob, ...]
    platform: Mapping[str, str]


def image(
    content: str,
    *,
    created: str | None = CREATED,
    architecture: str = "amd64",
    os: str = "linux",
    variant: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    docker: bool = False,
) -> Image:
    """An image of one layer that holds one file with this content.

    created=None leaves the time out of the configuration; equal arguments give equal digests.
    """
    family = "docker.distribution.image" if docker else "oci.image"
    tar = _tar(content.encode())
    layer = Blob(_layer_type(docker), gzip.compress(tar, mtime=0))
    platform = {"architecture": architecture, "os": os}
    if variant:
        platform["variant"] = variant
    configuration: dict[str, Any] = {
        **platform,
        "config": {"Labels": dict(labels)} if labels else {},
        "rootfs": {
            "type": "layers",
            "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()],
        },
        "history": [],
    }
    if created is not None:
        configuration["created"] = created
    config = Blob(
        "application/vnd.docker.container.image.v1+json"
        if docker
        else f"application/vnd.{family}.config.v1+json",
        to_json(configuration),
    )
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    return Image(Blob(manifest["mediaType"], to_json(manifest)), (config, layer), platform)


def index(
    entries: Sequence[Mapping[str, Any]],
    *,
    annotations: Mapping[str, str] | None = None,
    docker: bool = False,
) -> Blob:
    """An OCI index, or a docker manifest list, of descriptors."""
    media_type = DOCKER_LIST if docker else OCI_INDEX
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [dict(entry) for entry in entries],
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return Blob(media_type, to_json(document))


def to_json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _layer_type(docker: bool) -> str:
    if docker:
        return "application/vnd.docker.image.rootfs.diff.tar.gzip"
    return "application/vnd.oci.image.layer.v1.tar+gzip"


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
