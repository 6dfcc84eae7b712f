"""Ask about many repositories at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from imagebot.errors import RegistryError
from imagebot.parallel.threads import Lanes, Progress, map_at_once
from imagebot.reference import Repository

Answer = TypeVar("Answer")

_WORKERS = 64
"""Most of these threads wait: no host has more than a few of them, and it has its own limit."""
_PER_HOST = 16
"""Threads for one host: more than it has requests at a time, as they also choose and decide."""


def ask_each(
    repositories: Iterable[Repository],
    ask: Callable[[Repository], Answer],
    *,
    workers: int = _WORKERS,
    concurrency: Callable[[str], int] = lambda _: 0,
    progress: Progress | None = None,
) -> dict[Repository, Answer | RegistryError]:
    """What `ask` returns for each repository, or its error: one that fails never stops the others.

    In the order of `repositories`, each asked about once. `concurrency` says how many requests at a
    time a registry gets. One that does not answer keeps as many of the workers, or 16, and leaves
    as many to the others as they would have without it. Raises every other error, which is a bug.
    On an interrupt it starts no further repository and waits for nothing: closing the client ends
    the requests under way.
    """
    wanted = list(dict.fromkeys(repositories))

    def one(repository: Repository) -> Answer | RegistryError:
        try:
            return ask(repository)
        except RegistryError as error:
            return error

    registries = {one.registry for one in wanted}
    room = {each: max(_PER_HOST, concurrency(each)) for each in registries}
    workers += sum(each - _PER_HOST for each in room.values())
    hosts: Lanes[Repository] = Lanes(
        lambda repository: repository.registry, lambda host: room[str(host)]
    )
    found = map_at_once(one, wanted, workers=workers, lanes=hosts, progress=progress)
    return dict(zip(wanted, found, strict=True))
