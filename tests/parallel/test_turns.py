from __future__ import annotations

import threading

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
