"""The only protocol for registries: everything that needs one takes a `Registry`.

The registry client and the view of a pass (`memo.PassMemo`) satisfy it; so do fakes in tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from imagebot.http.pauses import HeadRoom
from imagebot.reference import Repository
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Pushed:
    """When a tag was pushed, according to the registry; `source` names the API.

    `digest` is what the tag pointed to then, where the API says so.
    """

    at: datetime
    source: str
    digest: str | None = None


class Registry(Protocol):
    """A registry. Every method may raise RegistryError."""

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Every tag, all pages followed."""
        ...

    def digest(self, repository: Repository, reference: str) -> str:
        """The digest of a tag (or digest): of the index, for a multi-platform image."""
        ...

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """What an image runs on, as `os/architecture[/variant]`, nested indexes followed."""
        ...

    def images(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """The digests of the images and indexes in an index, nested indexes followed; empty for
        anything else."""
        ...

    def created(self, repository: Repository, digest: str) -> datetime | None:
        """The date that the builder wrote into the image; None when there is none."""
        ...

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """Push times that the registry's own API knows: of those tags, and of others that came
        with them. Empty when the registry has no such API.
        """
        ...

    def known_push(self, repository: Repository, tag: str, digest: str) -> Pushed | None:
        """When a tag was pushed with this digest, as it was kept; asks nothing."""
        ...

    def keep_push(self, repository: Repository, tag: str, pushed: Pushed) -> None:
        """Keep when a tag was pushed with its digest, so that it is asked once only."""
        ...

    def origin(self, repository: Repository) -> Repository:
        """The repository whose tags count for this one: another for one that is cached from it."""
        ...

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        ...

    def head_room(self) -> Mapping[str, HeadRoom]:
        """What hosts said last is left of their limits, by `host:port`; not all say so."""
        ...

    def check(self, place: Repository | str) -> str:
        """How a registry gives access: to the list of a repository, as it is asked for in a pass;
        or, with `host` or `host/path`, to itself."""
        ...
