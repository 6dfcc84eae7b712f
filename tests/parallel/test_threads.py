from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from imagebot.parallel.threads import map_at_once


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
