from __future__ import annotations

import pytest

from imagebot.manifest.images.naming import other_digest
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.tree import Mapping, build

A, B = "a" * 64, "b" * 64


def mapping(text: str) -> Mapping:
    (root,) = build(text)
    assert isinstance(root, Mapping)
    return root


@pytest.mark.parametrize(
    ("text", "tag", "own", "key"),
    [
        (f"{{tag: v1, digest: 'sha256:{A}', digestChroot: 'sha256:{B}'}}", "tag", "digest", True),
        (f"{{tag: v1, sha256: {A}}}", "tag", "digest", True),
        (f"{{tag: v1, hash: 'sha256:{A}'}}", "tag", "digest", True),
        (f"{{tag: v1, imageDigest: 'sha256:{A}'}}", "tag", "digest", True),
        (f"{{image: 'app:v1', digest: 'sha256:{A}'}}", "image", "", True),
        (f"{{image: 'app:v1', download: x, sha256: {A}}}", "image", "", False),
        (f"{{tag: v1, imageSHA256: 'sha256:{A}'}}", "tag", "digest", True),
        (f"{{workerImageTag: v1, workerImageDigest: 'sha256:{A}'}}", "workerImageTag", "", True),
        (f"{{imageTag: v1, workerImageDigest: 'sha256:{A}'}}", "imageTag", "imageDigest", False),
        (f"{{workerImageTag: v1, imageDigest: 'sha256:{A}'}}", "workerImageTag", "", False),
        (f"{{tag: v1, digest: 'sha256:{A}'}}", "tag", "digest", False),
        ("{tag: v1, digestChroot: ''}", "tag", "digest", False),
        ("{tag: v1, hash: md5}", "tag", "digest", False),
        (f"{{tag: v1, checksum: {A}}}", "tag", "digest", False),
    ],
)
def test_a_digest_under_another_key(text: str, tag: str, own: str, key: bool) -> None:
    assert bool(other_digest(mapping(text), tag, own)) is key


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"image:\n  repository: acme/app\n  tag: v1\n  sha256: {A}\n", 1),
        (f"image:\n  repository: acme/app\n  tag: v1\n  hash: sha256:{A}\n", 1),
        (f"image: acme/app:v1\nimageDigest: sha256:{A}\n", 1),
        ("image:\n  repository: acme/app\n  tag: !!float 1.9\n", 1),
        ("image: {repository: acme/app, tag: &t '1', digest: *t}\n", 0),
    ],
)
def test_what_would_not_fit_the_new_tag_is_refused(text: str, count: int) -> None:
    """Or not read in the first place, where the digest is none."""
    fields = scan("values.yaml", text.encode()).fields
    assert [bool(field.refusal) for field in fields] == [True] * count
