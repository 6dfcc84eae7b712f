"""Whose list of tags counts for the repositories of pull-through caches. Pure.

Proxy projects of Harbor, pull-through caches of ECR and remotes of Artifactory list only what was
pulled through them, so the newest of their tags is not the newest.
"""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.config.model import RegistryOptions
from imagebot.http.address import normalise_host
from imagebot.reference import DOCKER_HUB, Repository
from imagebot.registry.docker_config import places


class Origins:
    """The origins that `tags-from` names: of the longest host and path that fits."""

    def __init__(self, options: Iterable[RegistryOptions]) -> None:
        self._of = {_place(each): each.tags_from for each in options if each.tags_from}

    def of(self, repository: Repository) -> Repository:
        """The repository that a cached one is fetched from; any other itself."""
        for place in places(normalise_host(repository.registry), repository.path):
            if place in self._of:
                above = place.partition("/")[2]
                below = repository.path[len(above) :].removeprefix("/")
                return _join(self._of[place], below) or repository
        return repository


def _place(options: RegistryOptions) -> str:
    host = normalise_host(options.host)
    return f"{host}/{options.path}" if options.path else host


def _join(origin: str, below: str) -> Repository | None:
    host, _, path = origin.partition("/")
    host = normalise_host(host)
    whole = "/".join(part for part in (path, below) if part)
    if host == DOCKER_HUB and whole and "/" not in whole:
        whole = f"library/{whole}"
    return Repository(host, whole) if whole else None


# What administrators call a cache, by the name of its first folder.
_USUAL_NAMES = {
    "docker-hub": DOCKER_HUB,
    "dockerhub": DOCKER_HUB,
    "ecr-public": "public.ecr.aws",
    "github": "ghcr.io",
    "kubernetes": "registry.k8s.io",
    "quay": "quay.io",
}
_KNOWN = frozenset(
    {DOCKER_HUB, "gcr.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io"}
    | {"registry.gitlab.com", "registry.k8s.io"}
)


def guess_origin(repository: Repository) -> tuple[str, str] | None:
    """The place (`host/path`) that looks like a pull-through cache, and its origin.

    None where nothing does. A path with the name of a known registry in it, or with Docker Hub's
    own `library` behind the first folder; at ECR, a first folder as in Amazon's own examples.
    """
    host, folders = repository.registry, repository.path.split("/")
    if host in _KNOWN:
        return None
    for index, folder in enumerate(folders[:-1]):
        if folder in _KNOWN:
            return "/".join((host, *folders[: index + 1])), folder
    if len(folders) == 3 and folders[1] == "library":
        return f"{host}/{folders[0]}", DOCKER_HUB
    if len(folders) > 1 and ".dkr.ecr." in host and folders[0] in _USUAL_NAMES:
        return f"{host}/{folders[0]}", _USUAL_NAMES[folders[0]]
    return None
