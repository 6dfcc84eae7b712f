"""A registry that nothing may be asked: what a test expects to be asked, its own class answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from imagebot.reference import Repository
from imagebot.registry.api import Pushed


class Unasked:
    """Satisfies the protocol `Registry`; every question fails the test."""

    def tags(self, repository: Repository) -> tuple[str, ...]:
        raise AssertionError(f"asked for the tags of {repository}")

    def digest(self, repository: Repository, reference: str) -> str:
        raise AssertionError(f"asked for the digest of {repository}:{reference}")

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        raise AssertionError(f"asked for the platforms of {repository}@{digest}")

    def created(self, repository: Repository, digest: str) -> datetime | None:
        raise AssertionError(f"asked for the date of {repository}@{digest}")

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        raise AssertionError(f"asked when {tags} of {repository} were pushed")

    def check(self, place: str) -> str:
        raise AssertionError(f"asked how {place} lets us in")
