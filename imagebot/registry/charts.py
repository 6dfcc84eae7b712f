"""A registry as charts see it: asked by versions, which have a `+` where their tags have a `_`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from imagebot.http.pauses import HeadRoom
from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry
from imagebot.version.chart import registry_tag


class ChartRegistry:
    """Satisfies the protocol `Registry` for questions about charts; tags are listed as they are."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def tags(self, repository: Repository) -> tuple[str, ...]:
        return self._registry.tags(repository)

    def digest(self, repository: Repository, reference: str) -> str:
        return self._registry.digest(repository, registry_tag(reference))

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        return self._registry.platforms(repository, digest)

    def images(self, repository: Repository, digest: str) -> tuple[str, ...]:
        return self._registry.images(repository, digest)

    def created(self, repository: Repository, digest: str) -> datetime | None:
        return self._registry.created(repository, digest)

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        found = self._registry.pushed(repository, [registry_tag(tag) for tag in tags])
        listed = {tag: registry_tag(tag) for tag in tags}
        return {tag: found[name] for tag, name in listed.items() if name in found}

    def known_push(self, repository: Repository, tag: str, digest: str) -> Pushed | None:
        return self._registry.known_push(repository, registry_tag(tag), digest)

    def keep_push(self, repository: Repository, tag: str, pushed: Pushed) -> None:
        self._registry.keep_push(repository, registry_tag(tag), pushed)

    def origin(self, repository: Repository) -> Repository:
        return self._registry.origin(repository)

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        return self._registry.concurrency(registry)

    def head_room(self) -> Mapping[str, HeadRoom]:
        return self._registry.head_room()

    def check(self, place: Repository | str) -> str:
        return self._registry.check(place)
