"""What happens when, once a process was asked to end."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from imagebot.parallel.stop import GRACE, LAST, STATUS, Stop
from tests.parallel.conftest import Clock
from tests.support.process import PATIENCE

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def stop(clock: Clock) -> Stop:
    return Stop(clock=clock, sleep=clock.sleep, leave=clock.leave)


@pytest.fixture
def sleeper() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    with ExitStack() as stack:

        def start() -> subprocess.Popen[bytes]:
            process = subprocess.Popen(["sleep", "600"], start_new_session=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def interrupted() -> pytest.RaisesExc[KeyboardInterrupt]:
    return pytest.raises(KeyboardInterrupt)


def ask(stop: Stop) -> None:
    with pytest.raises(KeyboardInterrupt):
        stop.ask()


def test_nothing_begins_once_it_was_asked(stop: Stop) -> None:
    stop.check()
    with stop.finishing():
        pass
    ask(stop)
    assert stop.asked
    with pytest.raises(KeyboardInterrupt):
        stop.check()
    with pytest.raises(KeyboardInterrupt), stop.finishing():
        raise AssertionError("a push began")


def test_who_asks_again_interrupts_nothing(stop: Stop) -> None:
    ask(stop)
    stop.ask()


def test_a_push_of_the_main_thread_is_not_interrupted(stop: Stop) -> None:
    done = []
    with interrupted(), stop.finishing():
        stop.ask()
        done.append("pushed")
    assert done == ["pushed"]


def test_a_push_that_fails_interrupts_too(stop: Stop) -> None:
    with interrupted(), stop.finishing():
        stop.ask()
        raise ValueError


def test_the_main_thread_is_not_interrupted_when_its_work_is_done(stop: Stop) -> None:
    stop.rest()
    stop.ask()
    assert stop.asked
    assert not stop.resume()


def test_it_is_again_when_more_work_begins(stop: Stop) -> None:
    stop.rest()
    assert stop.resume()
    ask(stop)


def test_it_is_interrupted_where_no_thread_can_be_had(
    stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("imagebot.parallel.stop._thread.start_new_thread", start)
    ask(stop)
    assert stop.asked


def test_children_are_killed_at_once_and_pushes_when_their_time_is_up(
    stop: Stop, clock: Clock, sleeper: Callable[[], subprocess.Popen[bytes]]
) -> None:
    fetch, push = sleeper(), sleeper()
    stop.watch(fetch.pid, spare=False)
    stop.watch(push.pid, spare=True)
    with interrupted(), stop.finishing():
        stop.ask()
        assert fetch.wait(PATIENCE) == -9
        clock.let_pass(GRACE - 0.5)
        assert push.poll() is None
        clock.let_pass(1)
        assert push.wait(PATIENCE) == -9


def test_a_second_ctrl_c_takes_their_time_away(
    stop: Stop, clock: Clock, sleeper: Callable[[], subprocess.Popen[bytes]]
) -> None:
    push = sleeper()
    stop.watch(push.pid, spare=True)
    with interrupted(), stop.finishing():
        stop.ask(hurry=True)
        stop.ask(hurry=True)
        clock.let_pass(0.1)
        assert push.wait(PATIENCE) == -9


def test_a_process_that_hangs_ends_by_force(stop: Stop, clock: Clock, wait_until: Wait) -> None:
    ask(stop)
    clock.let_pass(LAST - 0.5)
    assert clock.left == []
    clock.let_pass(1)
    wait_until(lambda: bool(clock.left))
    ((seconds, status),) = clock.left
    assert LAST <= seconds < LAST + 0.5
    assert status == STATUS


def test_the_end_waits_for_the_push_of_another_thread(
    stop: Stop, clock: Clock, wait_until: Wait
) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def push() -> None:
        try:
            with stop.finishing():
                begun.set()
                go_on.wait(PATIENCE)
        except KeyboardInterrupt:
            ended.set()

    pushing = threading.Thread(target=push)
    pushing.start()
    begun.wait(PATIENCE)
    ask(stop)
    finishing = threading.Thread(target=stop.finish)
    finishing.start()
    clock.let_pass(1)
    assert finishing.is_alive()
    go_on.set()
    pushing.join(PATIENCE)
    # Both the end and what sees to it wait by the same clock.
    clock.let_pass(1000)
    finishing.join(PATIENCE)
    assert ended.is_set()
    assert not finishing.is_alive()
