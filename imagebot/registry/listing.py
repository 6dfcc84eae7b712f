"""The tags of many repositories at once."""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.errors import RegistryError
from imagebot.parallel.threads import Progress, map_at_once
from imagebot.reference import Repository
from imagebot.registry.api import Registry


def list_tags(
    client: Registry,
    repositories: Iterable[Repository],
    *,
    workers: int = 16,
    progress: Progress | None = None,
) -> dict[Repository, tuple[str, ...] | RegistryError]:
    """The tags of each repository, or its error: one that fails never stops the others.

    In the order of `repositories`, each listed once. Raises every other error, which is a bug. On
    an interrupt it starts no further repository and waits for nothing: closing the client ends the
    requests under way.
    """
    wanted = list(dict.fromkeys(repositories))

    def tags(repository: Repository) -> tuple[str, ...] | RegistryError:
        try:
            return client.tags(repository)
        except RegistryError as error:
            return error

    found = map_at_once(tags, wanted, workers=workers, progress=progress)
    return dict(zip(wanted, found, strict=True))
