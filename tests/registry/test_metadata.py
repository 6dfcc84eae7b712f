from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from imagebot.errors import RegistryProtocolError
from imagebot.registry.metadata import MetadataReader
from tests.support import images
from tests.support.images import Blob, Image

CREATED = "org.opencontainers.image.created"
DATE = "2024-06-07T08:09:10Z"
WHEN = datetime(2024, 6, 7, 8, 9, 10, tzinfo=UTC)


@dataclass(slots=True)
class Store:
    """What a registry has, by digest; counts what was asked for."""

    content: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, blob: Blob) -> str:
        self.content[blob.digest] = blob.data
        return blob.digest

    def add_image(self, image: Image) -> str:
        for blob in image.blobs:
            self.add(blob)
        return self.add(image.manifest)

    def fetch(self, digest: str) -> bytes:
        self.asked.append(digest)
        return self.content[digest]

    def reader(self) -> MetadataReader:
        return MetadataReader("r.example/app", self.fetch, self.fetch)

    def entry(self, image: Image, **more: object) -> dict[str, object]:
        self.add_image(image)
        return image.manifest.descriptor(**more)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.mark.parametrize("docker", [False, True])
def test_an_image(store: Store, docker: bool) -> None:
    image = images.image("x", architecture="arm", variant="v7", created=DATE, docker=docker)
    digest = store.add_image(image)
    assert store.reader().platforms(digest) == ("linux/arm/v7",)
    assert store.reader().images(digest) == ()
    assert store.reader().created(digest) == WHEN


@pytest.mark.parametrize("docker", [False, True])
def test_an_index(store: Store, docker: bool) -> None:
    made = [
        images.image("x", architecture=a, created=DATE, docker=docker) for a in ("amd64", "arm64")
    ]
    entries = [store.entry(one, platform=dict(one.platform)) for one in made]
    digest = store.add(images.index(entries, docker=docker))
    assert store.reader().platforms(digest) == ("linux/amd64", "linux/arm64")
    # The index says it all.
    assert store.asked == [digest]
    assert store.reader().images(digest) == tuple(one.manifest.digest for one in made)
    assert store.reader().created(digest) == WHEN


def test_entries_without_a_platform_are_looked_at(store: Store) -> None:
    digest = store.add(images.index([store.entry(images.image("x", architecture="s390x"))]))
    assert store.reader().platforms(digest) == ("linux/s390x",)


def test_nested_indexes(store: Store) -> None:
    amd, arm = (images.image("x", architecture=a, created=DATE) for a in ("amd64", "arm64"))
    inner = images.index([store.entry(arm, platform=dict(arm.platform))])
    store.add(inner)
    entries = [store.entry(amd, platform=dict(amd.platform)), inner.descriptor()]
    digest = store.add(images.index(entries))
    assert store.reader().platforms(digest) == ("linux/amd64", "linux/arm64")
    within = (amd.manifest.digest, inner.digest, arm.manifest.digest)
    assert store.reader().images(digest) == within
    only_nested = store.add(images.index([inner.descriptor()]))
    assert store.reader().created(only_nested) == WHEN


def test_attestations_and_unknown_types_are_passed_over(store: Store) -> None:
    image = images.image("x", created=DATE)
    unknown = {"os": "unknown", "architecture": "unknown"}
    attestation = images.image("attestation", created="2020-01-01T00:00:00Z")
    other = Blob("application/vnd.example.sbom+json", b"{}")
    entries = [
        store.entry(attestation, platform=unknown),
        other.descriptor(),
        store.entry(image, platform=dict(image.platform)),
    ]
    digest = store.add(images.index(entries))
    assert store.reader().platforms(digest) == ("linux/amd64",)
    assert store.reader().images(digest) == (image.manifest.digest,)
    assert store.reader().created(digest) == WHEN
    assert other.digest not in store.asked


def test_a_date_in_the_index_saves_requests(store: Store) -> None:
    image = images.image("x", created=None)
    entry = store.entry(image, platform=dict(image.platform), annotations={CREATED: DATE})
    for index in (images.index([entry]), images.index([entry], annotations={CREATED: DATE})):
        digest = store.add(index)
        store.asked.clear()
        assert store.reader().created(digest) == WHEN
        assert store.asked == [digest]


def test_the_annotation_of_a_reproducible_build(store: Store) -> None:
    image = images.image("x", created="1970-01-01T00:00:00Z", annotations={CREATED: DATE})
    assert store.reader().created(store.add_image(image)) == WHEN


def test_no_date(store: Store) -> None:
    assert store.reader().created(store.add_image(images.image("x", created=None))) is None
    assert store.reader().created(store.add(images.index([]))) is None


def test_a_chart_is_no_image(store: Store) -> None:
    chart = {
        "mediaType": "application/vnd.cncf.helm.config.v1+json",
        "digest": "sha256:" + "1" * 64,
    }
    digest = store.add(Blob(images.OCI_MANIFEST, images.to_json({"config": chart})))
    assert store.reader().platforms(digest) == ()
    assert store.reader().created(digest) is None


def test_another_content_is_refused(store: Store) -> None:
    digest = store.add_image(images.image("x"))
    store.content[digest] = store.content[digest] + b" "
    with pytest.raises(RegistryProtocolError, match="another digest"):
        store.reader().platforms(digest)


def test_another_configuration_is_refused(store: Store) -> None:
    image = images.image("x")
    digest = store.add_image(image)
    store.content[image.blobs[0].digest] = b"{}"
    with pytest.raises(RegistryProtocolError, match="another digest"):
        store.reader().created(digest)


def test_nesting_ends(store: Store) -> None:
    blob = images.index([])
    for _ in range(10):
        store.add(blob)
        blob = images.index([blob.descriptor()])
    with pytest.raises(RegistryProtocolError, match="too deeply"):
        store.reader().platforms(store.add(blob))


def test_an_index_of_thousands(store: Store) -> None:
    entries = [store.entry(images.image(str(number))) for number in range(100)]
    digest = store.add(images.index(entries))
    with pytest.raises(RegistryProtocolError, match="more than 64"):
        store.reader().platforms(digest)
    assert len(store.asked) <= 64
