"""Remembers what registries said, and when, for as long as the process lives.

A pass asks through its own view, which says how old an answer may be. Within one pass the same
question always gets the same answer, errors included: targets that share a repository, and plans
that are made again after a lost race, agree with each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import field, replace
from datetime import datetime
from typing import Any, TypeVar

from imagebot.errors import RegistryRefusedError
from imagebot.http.pauses import HeadRoom
from imagebot.http.reach import Reach
from imagebot.reference import Repository
from imagebot.registry.api import Pushed, Registry
from imagebot.values import dataclass

T = TypeVar("T")

_TAGS = "tags"

Age = Callable[[Repository], float]
"""How old, in seconds, an answer about a repository may be when a pass begins."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A question. `lasting`: the answer is about a digest, so a push to the repository does not
    change it. `reach` is of the target that alone may ask it; None is everybody."""

    repository: Repository
    what: str
    about: Hashable = None
    lasting: bool = False
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    asked: float
    answer: Future[Any]


@dataclass(slots=True)
class _PushTimes:
    """The push times of one repository as far as they were asked for, one request at a time."""

    asked: set[str] = field(default_factory=set)
    found: dict[str, Pushed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Memo:
    """Wraps a registry client. Safe between threads; each question is under way once at most.

    `locate` returns the repository that is really asked: a mirror's, where there is one. `clock`
    returns seconds from any start.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        locate: Callable[[Repository], Repository] = lambda repository: repository,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._locate = locate
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[_Key, _Entry] = {}
        self._names: dict[Repository, frozenset[Repository]] = {}

    def for_pass(
        self, max_age: Age = lambda _: 0.0, *, registry: Registry | None = None
    ) -> PassMemo:
        """The view of a pass that begins now; it accepts its own answers and those not too old.

        It asks `registry`, which is this pass's own view of the registry client.

        Drops what is too old for this pass, so what is left may be used by all that are running,
        and a long life does not fill the memory. A running pass keeps what it has seen.
        """
        began = self._clock()
        with self._lock:
            self._entries = {
                key: entry
                for key, entry in self._entries.items()
                if entry.asked >= began - max_age(key.repository)
            }
            if len(self._names) > 2 * len(self._entries) + 100:
                self._names.clear()
        asked = registry or self._registry
        return PassMemo(self, asked, _View(self, asked))

    def forget(self, *repositories: Repository) -> None:
        """Drop the tags, digests and push times of repositories, whichever name they are asked by.

        A mirror and what it mirrors are the same repository, and so are a cache and its origin. An
        answer that is under way reaches those who wait for it, but is not kept.
        """
        names = frozenset(name for each in repositories for name in self.names(each))
        with self._lock:
            self._entries = {
                key: entry
                for key, entry in self._entries.items()
                if key.lasting or names.isdisjoint(self.names(key.repository))
            }

    def forget_all(self) -> None:
        """Drop the tags, digests and push times of every repository."""
        with self._lock:
            self._entries = {key: entry for key, entry in self._entries.items() if key.lasting}

    def lists(self, repository: Repository, tag: str) -> bool | None:
        """Whether the newest list of a repository's tags has the tag; None where there is none.

        Asks nothing.
        """
        names = self.names(repository)
        with self._lock:
            lists = [
                (entry.asked, entry.answer)
                for key, entry in self._entries.items()
                if key.what == _TAGS and not names.isdisjoint(self.names(key.repository))
            ]
        known = [each for each in lists if each[1].done() and each[1].exception() is None]
        if not known:
            return None
        _, answer = max(known, key=lambda each: each[0])
        return tag in answer.result()

    def names(self, repository: Repository) -> frozenset[Repository]:
        """What a repository is called, also where it is really asked, and at its origin."""
        known = self._names.get(repository)
        if known is None:
            known = self._names[repository] = self._find_names(repository)
        return known

    def _find_names(self, repository: Repository) -> frozenset[Repository]:
        return frozenset({repository, self._locate(repository), self._registry.origin(repository)})

    def get(self, key: _Key, fetch: Callable[[], T]) -> T:
        """The answer that is remembered or under way, else a new one. Keeps no error."""
        with self._lock:
            known = self._entries.get(key)
            entry = known or _Entry(self._clock(), Future())
            self._entries[key] = entry
        if known is None:
            try:
                _settle(entry.answer, fetch)
            except BaseException:
                with self._lock:
                    if self._entries.get(key) is entry:
                        del self._entries[key]
                raise
        result: T = entry.answer.result()
        return result


class PassMemo:
    """A registry as one pass sees it; made by `Memo.for_pass`.

    A cached repository is asked for digests alone, which tell what exists there; everything else is
    asked of its origin.

    The view of those who may reach more asks what all may ask as all do, and a registry that is
    refused to all in its own way: nobody else gets those answers.
    """

    def __init__(
        self, memo: Memo, registry: Registry, common: _View, own: _View | None = None
    ) -> None:
        self._memo = memo
        self._registry = registry
        self._common = common
        self._own = own
        self._refused: set[str] = set()

    def reaching(self, more: Reach, registry: Registry) -> PassMemo:
        """The view of those who may also reach `more`, as `registry` does."""
        own = _View(self._memo, registry, more)
        return PassMemo(self._memo, self._registry, self._common, own)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Every tag, as the repository's origin lists them."""
        listed = self.origin(repository)
        return self._get(_Key(listed, _TAGS), lambda registry: registry.tags(listed))

    def digest(self, repository: Repository, reference: str) -> str:
        """The digest of a tag (or digest)."""
        key = _Key(repository, "digest", reference)
        return self._get(key, lambda registry: registry.digest(repository, reference))

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """What an image runs on."""
        asked = self.origin(repository)
        key = _Key(asked, "platforms", digest, lasting=True)
        return self._get(key, lambda registry: registry.platforms(asked, digest))

    def images(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """The digests of what is in an index."""
        asked = self.origin(repository)
        key = _Key(asked, "images", digest, lasting=True)
        return self._get(key, lambda registry: registry.images(asked, digest))

    def created(self, repository: Repository, digest: str) -> datetime | None:
        """When the image says that it was built."""
        asked = self.origin(repository)
        key = _Key(asked, "created", digest, lasting=True)
        return self._get(key, lambda registry: registry.created(asked, digest))

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """Push times of those tags; only the tags that were not asked for yet are asked for."""
        asked = self.origin(repository)
        return self._ask(asked.registry, lambda view: view.pushed(asked, tags))

    def known_push(self, repository: Repository, tag: str, digest: str) -> Pushed | None:
        """When a tag was pushed with this digest, as it was kept; asks nothing."""
        return self._registry.known_push(self.origin(repository), tag, digest)

    def keep_push(self, repository: Repository, tag: str, pushed: Pushed) -> None:
        """Keep when a tag was pushed with its digest."""
        self._registry.keep_push(self.origin(repository), tag, pushed)

    def origin(self, repository: Repository) -> Repository:
        """The repository whose tags count for this one."""
        return self._registry.origin(repository)

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        return self._registry.concurrency(registry)

    def head_room(self) -> Mapping[str, HeadRoom]:
        """What hosts said last is left of their limits, by `host:port`."""
        return self._registry.head_room()

    def check(self, place: Repository | str) -> str:
        """How a registry lets us in; asked once in a pass, never remembered for the next."""
        return self._ask(str(place).partition("/")[0], lambda view: view.check(place))

    def _get(self, key: _Key, fetch: Callable[[Registry], T]) -> T:
        return self._ask(key.repository.registry, lambda view: view.get(key, fetch))

    def _ask(self, host: str, ask: Callable[[_View], T]) -> T:
        if self._own is None:
            return ask(self._common)
        # Once for a host: every refusal costs a look-up, and a kept connection.
        if host not in self._refused:
            try:
                return ask(self._common)
            except RegistryRefusedError:
                self._refused.add(host)
        return ask(self._own)


class _View:
    """The answers that a pass got from one registry, which reaches what it may.

    What is remembered for longer than the pass is kept apart by `reach`; None is everybody's.
    """

    def __init__(self, memo: Memo, registry: Registry, reach: Reach | None = None) -> None:
        self._memo = memo
        self._registry = registry
        self._reach = reach
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def get(self, key: _Key, fetch: Callable[[Registry], T]) -> T:
        """The answer that is remembered, else that of the registry."""
        return self._remembered(key, lambda: fetch(self._registry))

    def check(self, place: Repository | str) -> str:
        return self._once(("check", place), lambda: self._registry.check(place))

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        key = ("pushed", repository, tuple(tags))
        return self._once(key, lambda: self._push_times(repository, tags))

    def _push_times(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        times = self._remembered(_Key(repository, "pushed"), _PushTimes)
        with times.lock:
            missing = [tag for tag in tags if tag not in times.asked]
            if missing:
                found = self._registry.pushed(repository, missing)
                times.found |= found
                times.asked |= {*missing, *found}
            return {tag: times.found[tag] for tag in tags if tag in times.found}

    def _remembered(self, key: _Key, fetch: Callable[[], T]) -> T:
        own = replace(key, reach=self._reach)
        return self._once(own, lambda: self._memo.get(own, fetch))

    def _once(self, key: Hashable, fetch: Callable[[], T]) -> T:
        """The first answer, or error, that this pass got."""
        with self._lock:
            known = self._answers.get(key)
            answer: Future[Any] = known or Future()
            self._answers[key] = answer
        if known is None:
            _settle(answer, fetch)
        result: T = answer.result()
        return result


def _settle(answer: Future[Any], fetch: Callable[[], object]) -> None:
    """Give the answer, or the error, to all who wait for it; the error is raised here too."""
    try:
        answer.set_result(fetch())
    except BaseException as error:
        answer.set_exception(error)
        raise
