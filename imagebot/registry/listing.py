"""The tags of many repositories at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from imagebot.errors import RegistryError
from imagebot.reference import Repository

Progress = Callable[[int, int], None]
"""Called with the number of repositories listed and of all, in the thread that asked."""

_Outcome = tuple[str, ...] | BaseException


class Lists(Protocol):
    """What can list tags: a registry client."""

    def tags(self, repository: Repository) -> tuple[str, ...]: ...


def list_tags(
    client: Lists,
    repositories: Iterable[Repository],
    *,
    workers: int = 16,
    progress: Progress | None = None,
) -> dict[Repository, tuple[str, ...] | RegistryError]:
    """The tags of each repository, or why there are none: one that fails never stops the others.

    In the order of `repositories`, each asked for once. What is no RegistryError is a bug and is
    raised. On an interrupt no further repository is begun, and nothing is waited for: the threads
    are daemons.
    """
    wanted = list(dict.fromkeys(repositories))
    todo: queue.SimpleQueue[Repository] = queue.SimpleQueue()
    for repository in wanted:
        todo.put(repository)
    done: queue.SimpleQueue[tuple[Repository, _Outcome]] = queue.SimpleQueue()
    stop = threading.Event()
    for _ in range(min(workers, len(wanted))):
        work = (client, todo, done, stop)
        threading.Thread(target=_work, args=work, name="list-tags", daemon=True).start()
    found: dict[Repository, tuple[str, ...] | RegistryError] = {}
    try:
        for count in range(1, len(wanted) + 1):
            repository, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, RegistryError):
                raise outcome
            found[repository] = outcome
            if progress:
                progress(count, len(wanted))
    finally:
        stop.set()
    return {repository: found[repository] for repository in wanted}


def _work(
    client: Lists,
    todo: queue.SimpleQueue[Repository],
    done: queue.SimpleQueue[tuple[Repository, _Outcome]],
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            repository = todo.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((repository, client.tags(repository)))
        except BaseException as exc:  # noqa: BLE001  raised again by the thread that waits
            done.put((repository, exc))
