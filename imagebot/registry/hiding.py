"""A registry whose errors and words show no secret."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from imagebot.config.secret import Vault
from imagebot.errors import RegistryError
from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry


class HidingRegistry:
    """Takes the secrets that the vault knows by then out of all that a registry says.

    Satisfies `imagebot.registry.api.Registry`.
    """

    def __init__(self, registry: Registry, vault: Vault) -> None:
        self._registry = registry
        self._vault = vault

    def tags(self, repository: Repository) -> tuple[str, ...]:
        with self._hidden():
            return self._registry.tags(repository)

    def digest(self, repository: Repository, reference: str) -> str:
        with self._hidden():
            return self._registry.digest(repository, reference)

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        with self._hidden():
            return tuple(map(self._vault.hide, self._registry.platforms(repository, digest)))

    def created(self, repository: Repository, digest: str) -> datetime | None:
        with self._hidden():
            return self._registry.created(repository, digest)

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        with self._hidden():
            return self._registry.pushed(repository, tags)

    def check(self, place: str) -> str:
        with self._hidden():
            return self._vault.hide(self._registry.check(place))

    @contextlib.contextmanager
    def _hidden(self) -> Iterator[None]:
        try:
            yield
        except RegistryError as error:
            error.hide(self._vault.hide)
            raise
