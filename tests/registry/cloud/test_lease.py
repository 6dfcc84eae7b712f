"""Values that expire: renewed early, by one thread, and kept while there is no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from imagebot.errors import CredentialError
from imagebot.registry.cloud.lease import Lease, Renewed


class Source:
    """Counts what was obtained; fails while `down`."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.seconds = seconds
        self.count = 0
        self.down = False

    def __call__(self) -> Lease[str]:
        self.count += 1
        if self.down:
            raise CredentialError("the cloud is down", hint="wait", temporary=True)
        return Lease(f"token {self.count}", self.seconds)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_kept_until_shortly_before_its_end() -> None:
    clock, source = Clock(), Source()
    kept: Renewed[str] = Renewed(clock)
    assert [kept.get(source) for _ in range(3)] == ["token 1"] * 3
    clock.now += 3600 - 241
    assert kept.get(source) == "token 1"
    clock.now += 2
    assert kept.get(source) == "token 2"
    assert source.count == 2


def test_a_short_value_is_used_for_most_of_its_life() -> None:
    clock, source = Clock(), Source(seconds=60)
    kept: Renewed[str] = Renewed(clock)
    kept.get(source)
    clock.now += 44
    assert kept.get(source) == "token 1"
    clock.now += 2
    assert kept.get(source) == "token 2"


def test_the_present_value_is_used_while_there_is_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, source = Clock(), Source()
    kept: Renewed[str] = Renewed(clock)
    kept.get(source)
    source.down = True
    clock.now += 3600 - 100
    with caplog.at_level(logging.WARNING):
        assert [kept.get(source) for _ in range(3)] == ["token 1"] * 3
    # Once in thirty seconds, and not for every image.
    assert source.count == 2
    assert [record.message for record in caplog.records] == [
        "the cloud is down; the present one is used for 100 s more"
    ]
    clock.now += 31
    source.down = False
    assert kept.get(source) == "token 3"


def test_an_expired_value_is_not_used() -> None:
    clock, source = Clock(), Source()
    kept: Renewed[str] = Renewed(clock)
    kept.get(source)
    source.down = True
    clock.now += 3600 - 10
    assert kept.get(source) == "token 1"
    clock.now += 11
    with pytest.raises(CredentialError, match="the cloud is down"):
        kept.get(source)


def test_a_failure_is_that_of_everybody_for_a_while() -> None:
    clock, source = Clock(), Source()
    kept: Renewed[str] = Renewed(clock)
    source.down = True
    for _ in range(5):
        with pytest.raises(CredentialError, match="the cloud is down") as caught:
            kept.get(source)
        assert (caught.value.hint, caught.value.temporary) == ("wait", True)
    assert source.count == 1
    clock.now += 31
    source.down = False
    assert kept.get(source) == "token 2"


def test_threads_wait_for_one_login(wait_until: Callable[[Callable[[], bool]], None]) -> None:
    source = Source()
    started, go_on = threading.Event(), threading.Event()
    kept: Renewed[str] = Renewed(Clock())
    found: list[str] = []

    def slowly() -> Lease[str]:
        started.set()
        assert go_on.wait(60)
        return source()

    threads = [threading.Thread(target=lambda: found.append(kept.get(slowly))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    assert found == []
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert found == ["token 1"] * 8


def test_nobody_waits_for_a_renewal() -> None:
    clock, source = Clock(), Source()
    started, go_on = threading.Event(), threading.Event()
    kept: Renewed[str] = Renewed(clock)
    kept.get(source)
    clock.now += 3600 - 100

    def slowly() -> Lease[str]:
        started.set()
        assert go_on.wait(60)
        return source()

    thread = threading.Thread(target=kept.get, args=(slowly,))
    thread.start()
    assert started.wait(60)
    # In this thread, while the other one is at it.
    assert kept.get(slowly) == "token 1"
    go_on.set()
    thread.join(60)
    assert kept.get(slowly) == "token 2"


def test_values_are_not_shown() -> None:
    assert "canary" not in repr(Lease("canary", 1))
