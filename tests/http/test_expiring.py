from __future__ import annotations

import pytest

from imagebot.http.expiring import Expiring


@pytest.fixture
def now() -> list[float]:
    return [100.0]


def test_until_its_time_is_over(now: list[float]) -> None:
    kept: Expiring[str, str] = Expiring(lambda: now[0])
    assert kept.get("a") is None
    kept.keep("a", "1", 10)
    kept.keep("b", "2", 20)
    now[0] = 109.9
    assert kept.get("a") == "1"
    now[0] = 110.0
    assert (kept.get("a"), kept.get("b")) == (None, "2")
    kept.keep("a", "3", 10)
    assert kept.get("a") == "3"


def test_up_to_a_number(now: list[float]) -> None:
    kept: Expiring[int, int] = Expiring(lambda: now[0], limit=3)
    kept.keep(1, 1, 1)
    kept.keep(2, 2, 50)
    kept.keep(3, 3, 50)
    now[0] = 102.0
    kept.keep(4, 4, 50)
    # What has expired goes first,
    assert [kept.get(n) for n in (1, 2, 3, 4)] == [None, 2, 3, 4]
    kept.keep(5, 5, 50)
    # then everything.
    assert [kept.get(n) for n in (2, 3, 4, 5)] == [None, None, None, 5]


def test_dropped(now: list[float]) -> None:
    kept: Expiring[str, int] = Expiring(lambda: now[0])
    for number, name in enumerate("abc"):
        kept.keep(name, number, 50)
    kept.drop(lambda value: value == 1)
    assert [kept.get(name) for name in "abc"] == [0, None, 2]
