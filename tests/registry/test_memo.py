"""Everything is asked once in a pass, errors included, however many threads ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from imagebot.errors import RegistryUnreachableError
from imagebot.reference import Repository
from imagebot.registry.api import Pushed
from imagebot.registry.memo import Memo
from tests.support.unasked import Unasked

APP = Repository("ghcr.io", "acme/app")
GONE = Repository("ghcr.io", "acme/gone")
TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Counting(Unasked):
    """A registry that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self.asked.append(("tags", repository))
        if repository == GONE:
            raise RegistryUnreachableError(str(repository), "no answer")
        return ("1.0",)

    def digest(self, repository: Repository, reference: str) -> str:
        self.asked.append(("digest", repository, reference))
        return f"sha256:{reference}"

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        self.asked.append(("platforms", repository, digest))
        return ("linux/amd64",)

    def created(self, repository: Repository, digest: str) -> datetime | None:
        self.asked.append(("created", repository, digest))
        return TIME

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        self.asked.append(("pushed", repository, tuple(tags)))
        return {tag: Pushed(TIME, "test") for tag in tags}

    def check(self, place: str) -> str:
        self.asked.append(("check", place))
        return "without a login"


def test_every_question_is_asked_once() -> None:
    registry = Counting()
    once = Memo(registry)
    for _ in range(3):
        assert once.tags(APP) == ("1.0",)
        assert once.digest(APP, "1.0") == "sha256:1.0"
        assert once.platforms(APP, "d") == ("linux/amd64",)
        assert once.created(APP, "d") == TIME
        assert once.pushed(APP, ["1.0"]) == {"1.0": Pushed(TIME, "test")}
        assert once.check("ghcr.io") == "without a login"
    assert len(registry.asked) == 6


def test_different_questions_are_different() -> None:
    registry = Counting()
    once = Memo(registry)
    assert once.digest(APP, "1") != once.digest(APP, "2")
    assert len(registry.asked) == 2


def test_an_error_is_given_again() -> None:
    registry = Counting()
    once = Memo(registry)
    for _ in range(2):
        with pytest.raises(RegistryUnreachableError):
            once.tags(GONE)
    assert len(registry.asked) == 1


def test_threads_share_one_answer() -> None:
    registry = Counting()
    once = Memo(registry)
    start = threading.Barrier(8)

    def ask(_: int) -> tuple[str, ...]:
        start.wait()
        return once.tags(APP)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {("1.0",)}
    assert len(registry.asked) == 1
