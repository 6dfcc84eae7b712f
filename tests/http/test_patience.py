from __future__ import annotations

import pytest

from imagebot.errors import RegistryDeadlineError, RegistryUnreachableError
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request
from imagebot.http.patience import Patience
from imagebot.http.unreachable import CannotConnectError, SilentHostError, SlowHostError
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def request(host: str = "r.example") -> Request:
    return Request(subject=f"{host}/app", url=f"https://{host}/v2/")


def slow() -> SlowHostError:
    return SlowHostError("r.example/other", "too slow", temporary=True)


def is_down(patience: Patience, host: str = "r.example") -> bool:
    try:
        patience.check(request(host))
    except CannotConnectError:
        return True
    return False


def test_a_silent_host_is_down_at_once(clock: Clock) -> None:
    patience = Patience(clock=clock)
    silent = SilentHostError("r.example/x", "r.example sent nothing", hint="look")
    assert not patience.failed(request(), silent, last=False)
    with pytest.raises(
        CannotConnectError, match=r"r\.example/app: r\.example sent nothing"
    ) as caught:
        patience.check(request())
    assert caught.value.hint == "look"
    assert not is_down(patience, "other.example")


def test_three_missed_limits_in_a_row(clock: Clock) -> None:
    patience = Patience(clock=clock)
    for _ in range(2):
        assert not patience.failed(request(), slow(), last=False)
    patience.answered(request())
    for _ in range(2):
        patience.failed(request(), slow(), last=False)
    assert not is_down(patience)
    patience.failed(request(), slow(), last=False)
    with pytest.raises(CannotConnectError, match="too slow 3 times in a row"):
        patience.check(request())


def test_a_connection_that_breaks_or_is_refused_is_tried_again(clock: Clock) -> None:
    patience = Patience(clock=clock)
    broken = RegistryUnreachableError("r", "broke", temporary=True)
    refused = CannotConnectError("r", "refused", temporary=True)
    assert patience.failed(request(), broken, last=False)
    assert patience.failed(request(), refused, last=False)
    assert not patience.failed(request(), broken, last=True)
    assert not is_down(patience)
    assert not patience.failed(request(), refused, last=True)
    assert is_down(patience)


def test_what_cannot_change_in_a_pass_is_down_at_once(clock: Clock) -> None:
    patience = Patience(clock=clock)
    assert not patience.failed(request(), CannotConnectError("r", "not trusted"), last=False)
    assert is_down(patience)


def test_a_repository_has_its_time_for_all_its_questions(clock: Clock) -> None:
    patience = Patience(TimeLimits(repository=300), clock=clock)
    with patience.question("r.example/app") as first:
        clock.now += 200
        assert first.left() == 100
        with (
            patience.question("r.example/app") as second,
            patience.question("b") as other,
        ):
            assert (second.left(), other.left()) == (100, 300)
            clock.now += 50
    clock.now += 1000
    with patience.question("r.example/app") as third:
        assert third.left() == 50
        clock.now += 60
        assert third.left() == 0
        error = third.time_is_up("r.example/app")
    assert isinstance(error, SlowHostError)
    assert "took more than 5 min in all" in str(error)


def test_the_time_of_a_pass_runs_while_something_is_asked(clock: Clock) -> None:
    patience = Patience(seconds=600, clock=clock)
    with patience.question("a") as first, patience.question("b") as second:
        clock.now += 250
        assert (first.left(), second.left()) == (50, 50)
    clock.now += 10_000
    with patience.question("c") as third:
        assert third.left() == 300
    with patience.question("d"):
        clock.now += 200
    with patience.question("e") as last:
        assert last.left() == 150
        clock.now += 151
        assert last.left() == 0
        error = last.time_is_up("r.example/e")
    assert isinstance(error, RegistryDeadlineError)
    assert "the 10 min that registries have in one pass are over" in str(error)
    assert "registry-deadline" in error.hint
