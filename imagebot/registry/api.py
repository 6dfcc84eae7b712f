"""THE protocol of registries: whatever asks one takes a `Registry`.

The registry client and the memo satisfy it; tests may pass anything that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from imagebot.reference import Repository


@dataclass(frozen=True, slots=True)
class Pushed:
    """When a tag was pushed, by the registry's own word; `source` names the API that said so.

    `digest` is what the tag pointed to then, where the API says it.
    """

    at: datetime
    source: str
    digest: str | None = None


class Registry(Protocol):
    """All that is asked of registries. Every method may raise RegistryError."""

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Every tag, all pages followed."""
        ...

    def digest(self, repository: Repository, reference: str) -> str:
        """The digest of a tag (or digest): of the index, for a multi-platform image."""
        ...

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """What an image runs on, as `os/architecture[/variant]`, nested indexes followed."""
        ...

    def created(self, repository: Repository, digest: str) -> datetime | None:
        """The builder's claim in the image's configuration; None when there is no date in it."""
        ...

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """Push times that the registry's own API knows: of those tags, and of others that came
        with them. Empty when the registry has no such API.
        """
        ...

    def check(self, place: str) -> str:
        """How a registry, `host` or `host/path`, lets us in."""
        ...
