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
    """The tags of each repository, or why there are none: one that fails never stops the others.

    In the order of `repositories`, each asked for once. What is no RegistryError is a bug and is
    raised. On an interrupt no further repository is begun, and nothing is waited for: closing the
    client ends the requests under way.
    """
    wanted = list(dict.fromkeys(repositories))

    def tags(repository: Repository) -> tuple[str, ...] | RegistryError:
        try:
            return client.tags(repository)
        except RegistryError as error:
            return error

    found = map_at_once(tags, wanted, workers=workers, progress=progress)
    return dict(zip(wanted, found, strict=True))
