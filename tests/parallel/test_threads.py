from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.parallel.threads import Lanes, in_time, map_at_once


def test_results_are_in_the_order_of_the_items() -> None:
    barrier = threading.Barrier(4)

    def work(item: int) -> int:
        barrier.wait(30)
        return item * item

    assert map_at_once(work, range(8), workers=4) == [n * n for n in range(8)]


def test_progress_is_told_in_the_thread_that_asked() -> None:
    reported: list[tuple[int, int, threading.Thread]] = []
    map_at_once(
        lambda item: item,
        range(3),
        workers=2,
        progress=lambda done, of: reported.append((done, of, threading.current_thread())),
    )
    assert reported == [(number, 3, threading.current_thread()) for number in (1, 2, 3)]


def test_one_item_needs_no_thread() -> None:
    reported: list[tuple[int, int]] = []
    ran_in = map_at_once(
        lambda _: threading.current_thread(),
        ["only"],
        workers=4,
        progress=lambda done, of: reported.append((done, of)),
    )
    assert ran_in == [threading.current_thread()]
    assert reported == [(1, 1)]


def test_nothing_is_nothing() -> None:
    assert map_at_once(lambda item: item, [], workers=4) == []


def test_the_first_exception_is_raised_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        map_at_once(work, range(1000), workers=1)
    assert begun == [0]


def test_work_under_way_does_not_keep_the_process() -> None:
    script = (
        "import threading\n"
        "from imagebot.parallel.threads import map_at_once\n"
        "def work(item):\n"
        "    if item: threading.Event().wait()\n"
        "    raise SystemExit(7)\n"
        "map_at_once(work, range(2), workers=2)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 7


def test_a_lane_in_which_nothing_moves_leaves_workers_to_the_others() -> None:
    """Eight items of a lane that waits come first; there are four workers, two for each lane."""
    go_on, done = threading.Event(), []

    def work(item: str) -> None:
        if item == "stuck":
            assert go_on.wait(30)
        else:
            done.append(item)
            if len(done) == 20:
                go_on.set()

    items = ["stuck"] * 8 + ["good"] * 20
    lanes: Lanes[str] = Lanes(lambda item: item, at_once=lambda _: 2)
    assert len(map_at_once(work, items, workers=4, lanes=lanes)) == 28


def test_workers_go_where_the_fewest_are() -> None:
    """As many lanes as workers, each with more items than workers: all are begun at once."""
    barrier = threading.Barrier(6)
    items = [lane for lane in range(6) for _ in range(10)]
    lanes: Lanes[int] = Lanes(lambda lane: lane, at_once=lambda _: 5)
    began: set[int] = set()
    lock = threading.Lock()

    def work(lane: int) -> None:
        with lock:
            first = lane not in began
            began.add(lane)
        if first:
            # Breaks, and raises, unless the others begin as well.
            barrier.wait(30)

    map_at_once(work, items, workers=6, lanes=lanes)


def test_no_worker_joins_while_the_process_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's clock goes on as it does while one thread computes all the time."""
    looks = itertools.count(1)
    monkeypatch.setattr(time, "process_time", lambda: next(looks) * 0.003)
    done, names = 0, set()

    def work(_: int) -> None:
        nonlocal done
        before = next(looks)
        # Ends when the crew has found twice that nothing was done, and has not grown.
        while next(looks) - before < 20:
            time.sleep(0.001)
        done += 1
        names.add(threading.current_thread().name)

    map_at_once(work, range(3), workers=8)
    assert (done, names) == (3, {"at-once-0"})


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 6), st.integers(1, 4))
def test_no_lane_has_more_workers_than_it_may(items: list[int], workers: int, at_once: int) -> None:
    lock = threading.Lock()
    active, most = Counter[int](), Counter[int]()

    def work(lane: int) -> int:
        with lock:
            active[lane] += 1
            most[lane] = max(most[lane], active[lane])
        with lock:
            active[lane] -= 1
        return lane * 2

    lanes: Lanes[int] = Lanes(lambda lane: lane, lambda _: at_once)
    assert map_at_once(work, items, workers=workers, lanes=lanes) == [n * 2 for n in items]
    assert all(count <= at_once for count in most.values())


def test_work_in_time_is_done_in_a_thread_of_its_own() -> None:
    assert in_time(threading.current_thread, seconds=30) is not threading.current_thread()
    assert in_time(lambda: None, seconds=30) is None


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="of the work"):
        in_time(lambda: int("of the work"), seconds=30)


def test_nobody_waits_longer_than_allowed() -> None:
    go_on = threading.Event()
    with pytest.raises(TimeoutError, match=r"more than 0\.1 s"):
        in_time(go_on.wait, seconds=0.1)
    go_on.set()
