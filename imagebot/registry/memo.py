"""A registry that is asked everything once in a pass.

Targets that share a repository, and passes that plan again after a lost race, get the first
answer. It lives as long as the pass; nothing is kept between passes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry

T = TypeVar("T")


class Memo:
    """Wraps a registry client; answers and errors alike are given again."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def tags(self, repository: Repository) -> tuple[str, ...]:
        return self._ask(("tags", repository), lambda: self._registry.tags(repository))

    def digest(self, repository: Repository, reference: str) -> str:
        key = ("digest", repository, reference)
        return self._ask(key, lambda: self._registry.digest(repository, reference))

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        key = ("platforms", repository, digest)
        return self._ask(key, lambda: self._registry.platforms(repository, digest))

    def created(self, repository: Repository, digest: str) -> datetime | None:
        key = ("created", repository, digest)
        return self._ask(key, lambda: self._registry.created(repository, digest))

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        key = ("pushed", repository, tuple(tags))
        return self._ask(key, lambda: self._registry.pushed(repository, tags))

    def check(self, place: str) -> str:
        return self._ask(("check", place), lambda: self._registry.check(place))

    def _ask(self, key: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            known = self._answers.get(key)
            answer: Future[Any] = known or Future()
            if known is None:
                self._answers[key] = answer
        if known is None:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
                raise
        result: T = answer.result()
        return result
