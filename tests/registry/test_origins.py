from __future__ import annotations

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.reference import parse_repository
from imagebot.registry.origins import Origins, guess_origin

ORIGINS = Origins(
    RegistryOptions(host=host, path=path, tags_from=origin)
    for host, path, origin in (
        ("harbor.example", "hub", "docker.io"),
        ("harbor.example", "hub/special", "quay.io/acme"),
        ("harbor.example", "", "ghcr.io"),
        ("remote.example:5000", "", "index.docker.io"),
        ("plain.example", "", ""),
    )
)


@pytest.mark.parametrize(
    ("cached", "origin"),
    [
        ("harbor.example/hub/library/nginx", "docker.io/library/nginx"),
        ("harbor.example/hub/nginx", "docker.io/library/nginx"),
        ("Harbor.Example/hub/nginx", "docker.io/library/nginx"),
        ("harbor.example/hub/acme/app", "docker.io/acme/app"),
        ("harbor.example/hub/special/app", "quay.io/acme/app"),
        ("harbor.example/hubbub/app", "ghcr.io/hubbub/app"),
        ("harbor.example/hub", "harbor.example/hub"),
        ("harbor.example:8443/hub/app", "harbor.example:8443/hub/app"),
        ("remote.example:5000/nginx", "docker.io/library/nginx"),
        ("plain.example/nginx", "plain.example/nginx"),
        ("docker.io/library/nginx", "docker.io/library/nginx"),
    ],
)
def test_origins(cached: str, origin: str) -> None:
    assert str(ORIGINS.of(parse_repository(cached))) == origin


@pytest.mark.parametrize(
    ("repository", "guess"),
    [
        ("harbor.example/hub/library/nginx", ("harbor.example/hub", "docker.io")),
        ("mirror.example/quay.io/acme/app", ("mirror.example/quay.io", "quay.io")),
        ("h.example/cache/ghcr.io/acme/app", ("h.example/cache/ghcr.io", "ghcr.io")),
        (
            "1.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/acme/app",
            ("1.dkr.ecr.eu-west-1.amazonaws.com/docker-hub", "docker.io"),
        ),
        ("h.example/docker-hub/acme/app", None),
        ("docker.io/library/nginx", None),
        ("ghcr.io/mirror/library/nginx", None),
        ("h.example/acme/app", None),
        ("h.example/acme/quay.io", None),
    ],
)
def test_what_looks_like_a_cache(repository: str, guess: tuple[str, str] | None) -> None:
    assert guess_origin(parse_repository(repository)) == guess
