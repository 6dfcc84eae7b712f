from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime

import pytest

from imagebot.demo.distribution.images import image

CREATED = datetime(2024, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)


def test_every_descriptor_says_what_is_there() -> None:
    made = image("content", platforms=("linux/amd64", "linux/arm64/v8"), created=CREATED)
    parts = {part.digest: part for part in (*made.blobs, *made.manifests)}
    entries = json.loads(made.index.data)["manifests"]
    assert [entry["digest"] for entry in entries] == [part.digest for part in made.manifests]
    for entry in entries:
        manifest = json.loads(parts[entry["digest"]].data)
        for descriptor in [entry, manifest["config"], *manifest["layers"]]:
            part = parts[descriptor["digest"]]
            assert part.media_type == descriptor["mediaType"]
            assert len(part.data) == descriptor["size"]
            assert "sha256:" + hashlib.sha256(part.data).hexdigest() == descriptor["digest"]


def test_the_layer_is_what_the_configuration_says() -> None:
    made = image("content", platforms=("linux/amd64",), created=CREATED)
    layer, config = made.blobs
    tar = gzip.decompress(layer.data)
    document = json.loads(config.data)
    assert document["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(tar).hexdigest()]
    assert document["created"] == "2024-01-02T03:04:05.600000Z"
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        file = archive.extractfile("content")
        assert file is not None
        assert file.read() == b"content linux/amd64\n"


def test_platforms_differ() -> None:
    made = image("content", platforms=("linux/amd64", "linux/arm64"), created=CREATED)
    assert len({part.digest for part in (*made.blobs, *made.manifests)}) == 6


def test_a_time_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        image("content", platforms=(), created=CREATED.replace(tzinfo=None))
