"""Parse image manifests, indexes and configurations into values. Pure.

Follows the OCI image specification and docker's schema 2, and copes with what else is in
registries: nested indexes, BuildKit's attestations (`unknown/unknown`), charts, unknown artifacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from imagebot.reference import is_digest
from imagebot.registry.protocol import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    parse_json,
)
from imagebot.values import dataclass

_INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
_IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)
_CREATED_KEYS = ("org.opencontainers.image.created", "org.label-schema.build-date")
_PART_RE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DATE_RE = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
FIRST_YEAR = 2010
"""There were no images before: an older date (1970, 1980) comes from a reproducible build."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A manifest in an index; `platform` is None where the index does not name one."""

    media_type: str
    digest: str
    platform: str | None
    created: datetime | None
    is_attestation: bool

    @property
    def is_index(self) -> bool:
        return self.media_type in _INDEXES

    @property
    def is_image(self) -> bool:
        return self.media_type in _IMAGES and not self.is_attestation


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """An image's manifest (`config` is the digest of its configuration) or an index (`entries`).

    Both are empty where the media type is not that of an image.
    """

    entries: tuple[IndexEntry, ...] = ()
    config: str | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImageConfig:
    platform: str | None
    created: datetime | None


def parse_manifest(subject: str, body: bytes) -> ImageManifest:
    """An image manifest or index. Raises RegistryProtocolError when it is not JSON."""
    document = _object(parse_json(subject, body, "the image manifest"))
    created = _annotated(_object(document.get("annotations")))
    manifests = document.get("manifests")
    if isinstance(manifests, list):
        return ImageManifest(entries=tuple(_entries(manifests)), created=created)
    config = _object(document.get("config"))
    digest = config.get("digest")
    known = config.get("mediaType") in _CONFIGS and isinstance(digest, str) and is_digest(digest)
    return ImageManifest(config=str(digest) if known else None, created=created)


def parse_config(subject: str, body: bytes) -> ImageConfig:
    """An image's configuration. Raises RegistryProtocolError when it is not JSON."""
    document = _object(parse_json(subject, body, "the image's configuration"))
    labels = _object(_object(document.get("config")).get("Labels"))
    created = parse_time(document.get("created")) or _annotated(labels)
    return ImageConfig(_platform(document), created)


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 date in UTC; None for anything else, and for dates before there were images."""
    if not isinstance(value, str) or _DATE_RE.fullmatch(value) is None:
        return None
    try:
        date = datetime.fromisoformat(value.upper())
        date = date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return date if date.year >= FIRST_YEAR else None


def _entries(manifests: list[object]) -> Iterator[IndexEntry]:
    for item in manifests:
        fields = _object(item)
        digest, media_type = fields.get("digest"), fields.get("mediaType")
        if not isinstance(digest, str) or not is_digest(digest):
            continue
        platform = _object(fields.get("platform"))
        annotations = _object(fields.get("annotations"))
        unknown = platform.get("os") == "unknown" and platform.get("architecture") == "unknown"
        yield IndexEntry(
            media_type if isinstance(media_type, str) else "",
            digest,
            None if unknown else _platform(platform),
            _annotated(annotations),
            unknown or "vnd.docker.reference.type" in annotations,
        )


def _platform(fields: Mapping[str, object]) -> str | None:
    parts = [fields.get("os"), fields.get("architecture")]
    if variant := fields.get("variant"):
        parts.append(variant)
    good = [part for part in parts if isinstance(part, str) and _PART_RE.fullmatch(part)]
    return "/".join(good) if len(good) == len(parts) else None


def _annotated(annotations: Mapping[str, object]) -> datetime | None:
    dates = (parse_time(annotations.get(key)) for key in _CREATED_KEYS)
    return next((date for date in dates if date), None)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
