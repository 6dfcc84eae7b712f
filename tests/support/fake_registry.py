"""A registry made of values, for tests of what is decided from its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from imagebot.errors import RegistryError, RepositoryNotFoundError
from imagebot.reference import Repository
from imagebot.registry.api import Pushed
from tests.support.unasked import Unasked


@dataclass
class FixedImages(Unasked):
    """Tags by repository (as in `docker.io/library/app`); `asked` notes every call.

    A tag's digest is made from repository and tag, unless `digests` has it. A repository that is
    an error raises it, one that is not there is not found.
    """

    repositories: Mapping[str, tuple[str, ...] | RegistryError] = field(default_factory=dict)
    digests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self.asked.append(("tags", str(repository)))
        return self._tags(repository)

    def digest(self, repository: Repository, reference: str) -> str:
        self.asked.append(("digest", str(repository), reference))
        if reference not in self._tags(repository):
            raise RepositoryNotFoundError(str(repository), f"{reference} is not there")
        made = digest_of(f"{repository}:{reference}")
        return self.digests.get((str(repository), reference), made)

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        self.asked.append(("platforms", str(repository), digest))
        return ("linux/amd64",)

    def created(self, repository: Repository, digest: str) -> datetime | None:
        self.asked.append(("created", str(repository), digest))
        return None

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        self.asked.append(("pushed", str(repository), *tags))
        return {}

    def _tags(self, repository: Repository) -> tuple[str, ...]:
        found = self.repositories.get(str(repository))
        if found is None:
            raise RepositoryNotFoundError(str(repository), "there is no such repository")
        if isinstance(found, RegistryError):
            raise found
        return found


def digest_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
