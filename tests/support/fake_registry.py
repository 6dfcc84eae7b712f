"""A registry made of values, for tests of what is decided from what a registry says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from imagebot.errors import RegistryError, RepositoryNotFoundError
from imagebot.http.pauses import HeadRoom
from imagebot.reference import Repository, is_digest, parse_repository
from imagebot.registry.api import Pushed

ANY = "*"
"""In place of a repository's name: every repository that is not named."""


def digest_of(name: str) -> str:
    """The digest of the image of this name: the same for the same name."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


@dataclass
class FakeRegistry:
    """Satisfies the protocol `Registry`, notes all calls, and does what its fields say.

    An image has a name: that of its tag with its repository (`docker.io/library/app:1.0`), unless
    `points` has another for the tag or for repository and tag; its digest is `digest_of(name)`. A
    repository that is an error raises it, and one that is not named is not found. Without
    `repositories` every tag has an image, and asking for a list of tags fails the test.
    """

    repositories: Mapping[str, tuple[str, ...] | RegistryError] | None = None
    points: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    """Tags without a manifest."""
    unlisted: frozenset[str] = frozenset()
    """Tags that have a manifest, and are in no list."""
    failing: frozenset[str] = frozenset()
    """Tags for which the registry does not answer."""
    runs_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Platforms by the name of the image."""
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The digests in an index by the name of the image."""
    claims: Mapping[str, datetime] = field(default_factory=dict)
    """Creation dates by the name of the image."""
    pushes: Mapping[str, Pushed] = field(default_factory=dict)
    """Push times by tag."""
    before: Callable[[str, Repository], object] = lambda what, repository: None
    """Called before each answer, with the name of the method: it may wait, or raise."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """The origins of cached repositories."""
    calls: list[tuple[str, ...]] = field(default_factory=list)
    """The method, the repository and what else was asked for; images by their names."""
    left: Mapping[str, HeadRoom] = field(default_factory=dict)
    kept: dict[tuple[str, str, str], Pushed] = field(default_factory=dict)
    """Push times by repository, tag and digest, for good."""
    _names: dict[str, str] = field(default_factory=dict)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self._note("tags", repository)
        listed = self._listed(repository)
        assert listed is not None, f"asked for the tags of {repository}"
        return listed

    def digest(self, repository: Repository, reference: str) -> str:
        self._note("digest", repository, reference)
        if reference in self.failing:
            raise RegistryError(str(repository), "it does not answer", temporary=True)
        listed = self._listed(repository)
        there = listed is None or reference in listed or reference in self.unlisted
        if reference in self.missing or not there:
            raise RepositoryNotFoundError(str(repository), f"{reference} is not there")
        name = self.image_of(repository, reference)
        self._names[digest_of(name)] = name
        return digest_of(name)

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        name = self._name(digest)
        self._note("platforms", repository, name)
        return self.runs_on.get(name, ("linux/amd64", "linux/arm64/v8", "unknown/unknown"))

    def images(self, repository: Repository, digest: str) -> tuple[str, ...]:
        name = self._name(digest)
        self._note("images", repository, name)
        return self.indexes.get(name, ())

    def created(self, repository: Repository, digest: str) -> datetime | None:
        name = self._name(digest)
        self._note("created", repository, name)
        return self.claims.get(name)

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        self._note("pushed", repository, *tags)
        return {tag: self.pushes[tag] for tag in tags if tag in self.pushes}

    def known_push(self, repository: Repository, tag: str, digest: str) -> Pushed | None:
        return self.kept.get((str(repository), tag, digest))

    def keep_push(self, repository: Repository, tag: str, pushed: Pushed) -> None:
        self.kept[str(repository), tag, pushed.digest or ""] = pushed

    def origin(self, repository: Repository) -> Repository:
        return parse_repository(self.origins.get(str(repository), str(repository)))

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        return 8

    def head_room(self) -> Mapping[str, HeadRoom]:
        return self.left

    def check(self, place: Repository | str) -> str:
        what = "check of the list" if isinstance(place, Repository) else "check"
        self.calls.append((what, str(place)))
        return "anonymous"

    def image_of(self, repository: Repository, tag: str) -> str:
        """The name of the image that a tag points to."""
        name = f"{repository}:{tag}"
        return self.points.get(name) or self.points.get(tag) or name

    def count(self, what: str) -> int:
        """How often a method was called."""
        return sum(1 for call in self.calls if call[0] == what)

    def _note(self, what: str, repository: Repository, *about: str) -> None:
        self.calls.append((what, str(repository), *about))
        self.before(what, repository)

    def _listed(self, repository: Repository) -> tuple[str, ...] | None:
        if self.repositories is None:
            return None
        found = self.repositories.get(str(repository), self.repositories.get(ANY))
        if found is None:
            raise RepositoryNotFoundError(str(repository), "there is no such repository")
        if isinstance(found, RegistryError):
            raise found
        return found

    def _name(self, digest: str) -> str:
        assert is_digest(digest), "facts are asked for by digest"
        return self._names.get(digest, digest)
