"""The tags of many repositories at once."""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.errors import RegistryError
from imagebot.parallel.threads import Lanes, Progress, map_at_once
from imagebot.reference import Repository
from imagebot.registry.api import Registry

WORKERS = 64
"""Threads that ask for one target. Most wait: a host has far fewer of them, and its own limit."""
PER_HOST = 16


def list_tags(
    client: Registry,
    repositories: Iterable[Repository],
    *,
    workers: int = WORKERS,
    per_host: int = PER_HOST,
    progress: Progress | None = None,
) -> dict[Repository, tuple[str, ...] | RegistryError]:
    """The tags of each repository, or its error: one that fails never stops the others.

    In the order of `repositories`, each listed once; a host that does not answer keeps no more than
    `per_host` of the workers. Raises every other error, which is a bug. On
    an interrupt it starts no further repository and waits for nothing: closing the client ends the
    requests under way.
    """
    wanted = list(dict.fromkeys(repositories))

    def tags(repository: Repository) -> tuple[str, ...] | RegistryError:
        try:
            return client.tags(repository)
        except RegistryError as error:
            return error

    hosts: Lanes[Repository] = Lanes(lambda repository: repository.registry, per_host)
    found = map_at_once(tags, wanted, workers=workers, lanes=hosts, progress=progress)
    return dict(zip(wanted, found, strict=True))
