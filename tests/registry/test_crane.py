"""A registry that cuts lists off without a word: `crane registry serve`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from imagebot.errors import RepositoryNotFoundError
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from tests.support import images
from tests.support.crane import CraneRegistry, crane_registry

Open = Callable[..., RegistryClient]


@pytest.fixture(scope="module")
def crane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CraneRegistry]:
    with crane_registry(tmp_path_factory.mktemp("crane")) as started:
        yield started


@pytest.mark.parametrize("count", [999, 1000, 1001, 2000, 2345])
def test_every_tag_is_read(
    crane: CraneRegistry, open_client: Open, repository: str, count: int
) -> None:
    """Of a list that is cut off after 1,000, the newest are missing."""
    made = images.image("same").manifest
    for blob in images.image("same").blobs:
        crane.push_blob(repository, blob)
    names = [f"build-{number:05}" for number in range(count)]
    for name in names:
        crane.push_manifest(repository, name, made)
    raw = crane.client.get(f"/v2/{repository}/tags/list?n=1000")
    assert (len(raw.json()["tags"]), raw.headers.get("Link")) == (min(count, 1000), None)
    assert list(open_client().tags(Repository(crane.host, repository))) == names


def test_digests_and_platforms(crane: CraneRegistry, open_client: Open, repository: str) -> None:
    digest = crane.push_index(repository, "1.0")
    here, client = Repository(crane.host, repository), open_client()
    assert client.digest(here, "1.0") == digest
    assert client.platforms(here, digest) == ("linux/amd64", "linux/arm64")
    with pytest.raises(RepositoryNotFoundError):
        client.tags(Repository(crane.host, f"{repository}-nowhere"))
    with pytest.raises(RepositoryNotFoundError):
        client.digest(here, "2.0")


def test_who_lets_us_in(crane: CraneRegistry, open_client: Open) -> None:
    assert open_client().check(crane.host) == "anonymous"
