from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from imagebot.parallel.turns import Turns


def test_whoever_waits_lets_another_have_the_turn() -> None:
    turns = Turns(1)
    waiting, done = threading.Event(), threading.Event()

    def first() -> None:
        with turns.taken(), turns.given_up():
            waiting.set()
            assert done.wait(30)

    def second() -> None:
        with turns.taken():
            done.set()

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert waiting.wait(30)
    threads.append(threading.Thread(target=second))
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert done.is_set()


def test_no_more_at_once() -> None:
    turns, lock = Turns(2), threading.Lock()
    active, most = 0, 0

    def work() -> None:
        nonlocal active, most
        for _ in range(20):
            with turns.taken(), turns.given_up():
                pass
            with turns.taken():
                with lock:
                    active += 1
                    most = max(most, active)
                with lock:
                    active -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most <= 2


def test_a_turn_ends_with_an_error() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="x"), turns.taken(), turns.given_up():
            raise ValueError("x")
    with turns.taken():
        pass


def test_who_waits_longest_has_the_next_turn(
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """A repository with a hundred pages does not keep all the others waiting."""
    turns = Turns(1)
    order: list[str] = []

    def work(name: str) -> None:
        with turns.taken():
            order.append(name)

    def waiting() -> int:
        return len(turns._waiting)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    turns.take()
    for before, thread in enumerate(threads):
        thread.start()
        wait_until(lambda before=before: waiting() > before)  # type: ignore[misc]
    for _ in range(3):
        turns.give_back()
        turns.take()
        order.append("first")
    turns.give_back()
    for thread in threads:
        thread.join(30)
    assert order == ["a", "b", "c", "first", "first", "first"]


def test_waiting_ends_in_time() -> None:
    turns = Turns(1)
    assert turns.take()
    assert not turns.take(0.01)
    assert not turns.take(0)
    turns.give_back()
    assert turns.take(0)
    assert not turns.take(0.01)


def test_nobody_waits_in_vain_for_who_has_left() -> None:
    turns = Turns(1)
    with turns.taken():
        assert not turns.take(0.01)
    with turns.taken():
        pass


def test_turns_handed_over_at_the_last_moment_are_not_lost() -> None:
    turns = Turns(2)
    taken: list[int] = []

    def work() -> None:
        for number in range(200):
            if turns.take(number % 3 * 1e-6):
                taken.append(number)
                turns.give_back()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert taken
    assert turns.take(0)
    assert turns.take(0)
    assert not turns.take(0)


def test_what_takes_long_lets_another_have_the_turn() -> None:
    turns = Turns(1)
    waiting, done = threading.Event(), threading.Event()

    def first() -> None:
        with turns.taken(), turns.given_up_after(0.01):
            waiting.set()
            assert done.wait(30)

    def second() -> None:
        with turns.taken():
            done.set()

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert waiting.wait(30)
    threads.append(threading.Thread(target=second))
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert done.is_set()
    assert turns.take(0)
    assert not turns.take(0)


def test_what_is_quick_keeps_the_turn() -> None:
    turns = Turns(1)
    with turns.taken():
        with turns.given_up_after(1000):
            assert not turns.take(0)
        assert not turns.take(0)
    assert turns.take(0)


def test_no_thread_is_left_of_a_turn() -> None:
    """With another thread, a process does not fork."""
    turns = Turns(1)
    before = threading.active_count()
    for number in range(200):
        with turns.taken(), turns.given_up_after(number % 2 * 1000):
            pass
        assert threading.active_count() == before


def test_a_turn_that_is_given_up_at_the_last_moment_is_not_lost() -> None:
    turns = Turns(2)
    for number in range(200):
        with turns.taken(), turns.given_up_after(number % 4 * 1e-5):
            pass
    assert turns.take(0)
    assert turns.take(0)
    assert not turns.take(0)


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
def test_a_turn_that_may_be_given_up_ends_with_an_error(seconds: float) -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="x"), turns.taken(), turns.given_up_after(seconds):
        raise ValueError("x")
    assert turns.take(0)
    assert not turns.take(0)
