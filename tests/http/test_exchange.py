from __future__ import annotations

import math

import pytest

from imagebot.http.exchange import Exchange, LimitExceededError
from imagebot.http.limits import TimeLimits
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def begin(clock: Clock, *, size: int = 1000, within: float = math.inf) -> Exchange:
    return Exchange(TimeLimits(), size=size, within=within, clock=clock)


def over(exchange: Exchange) -> str:
    with pytest.raises(LimitExceededError) as caught:
        exchange.wait()
    return f"{caught.value.limit} in {caught.value.stage}"


def test_the_host_has_ten_seconds_for_its_first_byte(clock: Clock) -> None:
    exchange = begin(clock)
    assert exchange.wait() == 10
    clock.now += 4
    assert exchange.wait() == 6
    clock.now += 6
    assert over(exchange) == "silence in resolve"


def test_connecting_gives_no_more_time_and_a_sent_request_does(clock: Clock) -> None:
    exchange = begin(clock)
    clock.now += 9
    exchange.stage = "tls"
    assert exchange.wait() == 1
    exchange.sent()
    assert exchange.wait() == 10
    clock.now += 10
    assert over(exchange) == "silence in answer"


@pytest.mark.parametrize(("size", "longest"), [(0, 30), (64 * 1024, 30), (64 * 1024 + 1, 60)])
def test_a_page_has_more_time_than_a_small_answer(clock: Clock, size: int, longest: int) -> None:
    exchange = begin(clock, size=size)
    exchange.sent()
    for _ in range(longest - 1):
        clock.now += 1
        exchange.received(1100)
    assert exchange.wait() == 1
    clock.now += 1
    assert over(exchange) == "exchange in answer"
    with pytest.raises(LimitExceededError, match="exchange"):
        exchange.received(1100)


def test_the_question_may_have_less_time(clock: Clock) -> None:
    exchange = begin(clock, within=3)
    assert exchange.wait() == 3
    clock.now += 3
    assert over(exchange) == "question in resolve"
    assert over(begin(clock, within=0)) == "question in resolve"


def test_too_few_bytes_in_ten_seconds(clock: Clock) -> None:
    exchange = begin(clock)
    exchange.sent()
    clock.now += 9
    exchange.received(1)
    for _ in range(9):
        clock.now += 1
        exchange.received(1000)
    # 9,001 bytes after 9 seconds: there is one second for the rest.
    assert exchange.wait() == 1
    clock.now += 1
    assert over(exchange) == "rate in answer"


def test_enough_bytes_begin_the_next_ten_seconds(clock: Clock) -> None:
    exchange = begin(clock, size=10**6)
    exchange.sent()
    exchange.received(10_240)
    # Nothing is wanted any more, but that the host does not fall silent.
    assert exchange.wait() == 10
    clock.now += 9.9
    exchange.received(1)
    clock.now += 0.1
    exchange.received(1)
    assert exchange.wait() == 10
    clock.now += 9
    exchange.received(1)
    assert exchange.wait() == 1
    clock.now += 1
    with pytest.raises(LimitExceededError, match="rate"):
        exchange.received(1)


def test_more_bytes_than_a_body_and_its_head_can_have(clock: Clock) -> None:
    exchange = begin(clock, size=1000)
    exchange.received(2000 + 256 * 1024)
    with pytest.raises(LimitExceededError, match="size"):
        exchange.received(1)
