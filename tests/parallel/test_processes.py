"""Work in forked processes: in order, with its exceptions, and nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from imagebot.errors import ProcessLostError
from imagebot.parallel.processes import map_forked


def test_results_come_in_the_order_of_the_tasks() -> None:
    found = list(map_forked(lambda n: (n, os.getpid()), range(101), processes=3))
    assert [number for number, _ in found] == list(range(101))
    used = {process for _, process in found}
    assert len(used) == 3
    assert os.getpid() not in used


def test_fewer_tasks_than_processes() -> None:
    assert list(map_forked(str, [1], processes=4)) == ["1"]
    assert list(map_forked(str, [], processes=4)) == []


def test_large_results_do_not_wait_for_each_other() -> None:
    sizes = [3_000_000, 1, 3_000_000, 2, 3_000_000, 3]
    assert [len(each) for each in map_forked(bytes, sizes, processes=2)] == sizes


def test_an_exception_is_raised_here() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise KeyError(number)
        return number

    found = map_forked(work, range(10), processes=2)
    assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError, match="5"):
        next(found)
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_is_noticed() -> None:
    def work(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(ProcessLostError, match="exit code -9") as caught:
        list(map_forked(work, range(10), processes=2))
    assert caught.value.exit_code == -9
    assert multiprocessing.active_children() == []


def test_nothing_runs_on_when_nobody_takes_the_results(tmp_path: Path) -> None:
    def work(number: int) -> bytes:
        (tmp_path / f"{number}-{os.getpid()}").touch()
        return bytes(1_000_000)

    found = map_forked(work, range(1000), processes=2)
    next(found)
    processes = multiprocessing.active_children()
    assert len(processes) == 2
    found.close()  # type: ignore[attr-defined]  # a generator
    assert all(process.exitcode is not None for process in processes)
    assert len(list(tmp_path.iterdir())) < 20
