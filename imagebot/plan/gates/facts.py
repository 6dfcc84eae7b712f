"""What the gates know about candidates, each fact asked for once, and only when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry


class Facts:
    """Facts about some tags of a repository. Every method may raise RegistryError.

    Push times are asked for all the tags at once: registries give them by the page.
    """

    def __init__(self, images: Registry, repository: Repository, tags: Sequence[str]) -> None:
        self._images = images
        self._repository = repository
        self._tags = tuple(tags)
        self._digests: dict[str, str] = {}
        self._pushed: Mapping[str, Pushed] | None = None

    def about(self, tags: Sequence[str]) -> Facts:
        """Facts about other tags of the same repository."""
        return Facts(self._images, self._repository, tags)

    def digest(self, tag: str) -> str:
        if tag not in self._digests:
            self._digests[tag] = self._images.digest(self._repository, tag)
        return self._digests[tag]

    def is_of(self, tag: str, digest: str) -> bool:
        """Whether a digest is that of an image in the index that the tag points to."""
        return digest in self._images.images(self._repository, self.digest(tag))

    @property
    def origin(self) -> str:
        """The registry whose list this is, for a repository that is only a cache; else ""."""
        found = self._images.origin(self._repository)
        return "" if found == self._repository else found.registry

    @property
    def registry(self) -> str:
        return self._repository.registry

    def listed(self) -> tuple[str, ...]:
        """Every tag of the repository."""
        return self._images.tags(self._repository)

    def pushed(self, tag: str) -> Pushed | None:
        """When what the tag points to now was pushed; None when the registry does not say.

        That never changes, so it is asked once, whatever the number of passes.
        """
        digest = self.digest(tag)
        if known := self._images.known_push(self._repository, tag, digest):
            return known
        if self._pushed is None:
            self._pushed = self._images.pushed(self._repository, self._tags)
        found = self._pushed.get(tag)
        if found is None or found.digest is None:
            return found
        if found.digest != digest:
            return None
        self._images.keep_push(self._repository, tag, found)
        return found

    def created(self, tag: str) -> datetime | None:
        return self._images.created(self._repository, self.digest(tag))

    def platforms(self, tag: str) -> tuple[str, ...]:
        return self._images.platforms(self._repository, self.digest(tag))
