"""A child and its parent share one list of tasks: each is done, and nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest

from imagebot.parallel.sharing import MOST_TASKS, SharedTasks


def test_each_task_is_done_once() -> None:
    with closing(SharedTasks(lambda: range(MOST_TASKS), str)) as shared:
        assert list(shared.tasks()) == list(range(MOST_TASKS))
        found = list(shared.results())
    assert sorted(found) == [(number, str(number)) for number in range(MOST_TASKS)]
    assert multiprocessing.active_children() == []


def test_both_processes_take_part(
    tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """The child begins before it is asked; each waits until the other has begun."""

    def work(number: int) -> int:
        tmp_path.joinpath(str(os.getpid())).touch()
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        return os.getpid()

    with closing(SharedTasks(lambda: range(100), work)) as shared:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 1)
        done = Counter(process for _, process in shared.results())
    assert len(done) == 2
    assert sum(done.values()) == 100


def test_no_task_at_all() -> None:
    with closing(SharedTasks(tuple[int, ...], str)) as shared:
        assert list(shared.tasks()) == []
        assert list(shared.results()) == []


def test_results_that_fill_every_pipe() -> None:
    with closing(SharedTasks(lambda: range(40), lambda number: bytes(300_000 + number))) as shared:
        found = {number: len(result) for number, result in shared.results()}
    assert found == {number: 300_000 + number for number in range(40)}


def test_tasks_that_fill_the_pipe() -> None:
    tasks = ["x" * 100_000 for _ in range(50)]
    with closing(SharedTasks(lambda: tasks, len)) as shared:
        assert shared.tasks() == tasks
        assert dict(shared.results()) == dict.fromkeys(range(50), 100_000)


def test_an_exception_of_a_task_is_raised_here() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise KeyError(number)
        return number

    with (
        closing(SharedTasks(lambda: range(10), work)) as shared,
        pytest.raises(KeyError, match="5"),
    ):
        list(shared.results())
    assert multiprocessing.active_children() == []


def test_an_exception_of_the_plan_is_raised_here(capfd: pytest.CaptureFixture[str]) -> None:
    def plan() -> Sequence[int]:
        raise ValueError("no plan")

    with (
        closing(SharedTasks(plan, str)) as shared,
        pytest.raises(ValueError, match="no plan"),
    ):
        shared.tasks()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fatal", [0, 1, 7, 19])
def test_what_a_killed_child_has_not_done_is_done_here(fatal: int) -> None:
    parent = os.getpid()

    def work(number: int) -> int:
        if number == fatal and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with closing(SharedTasks(lambda: range(20), work)) as shared:
        assert dict(shared.results()) == {number: number for number in range(20)}


def test_a_child_that_is_killed_before_it_has_a_plan() -> None:
    parent = os.getpid()

    def plan() -> Sequence[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return range(3)

    with closing(SharedTasks(plan, str)) as shared:
        assert dict(shared.results()) == {0: "0", 1: "1", 2: "2"}


def test_the_child_ends_when_nobody_wants_its_results() -> None:
    shared = SharedTasks(lambda: range(1000), lambda _number: bytes(1_000_000))
    (child,) = multiprocessing.active_children()
    shared.close()
    assert child.exitcode is not None
    shared.close()
    assert multiprocessing.active_children() == []


def test_a_closed_one_still_has_its_tasks() -> None:
    shared = SharedTasks(lambda: range(3), str)
    shared.close()
    assert list(shared.tasks()) == [0, 1, 2]


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Whatever is left to do, and however the parent ended."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, stdout=subprocess.PIPE
    )
    assert done.returncode == -signal.SIGKILL
    # The child has the pipe, too: it has ended now.
    assert len(list(tmp_path.iterdir())) < 100


KILLED = """\
import os, pathlib, signal, sys
from imagebot.parallel.sharing import SharedTasks

folder, parent = pathlib.Path(sys.argv[1]), os.getpid()

def work(number):
    if os.getpid() != parent:
        folder.joinpath(str(number)).touch()
    return bytes(100_000)

shared = SharedTasks(lambda: range(1000), work)
next(shared.results())
os.kill(parent, signal.SIGKILL)
"""


@pytest.mark.parametrize("missing", ["os.fork", "os.pipe", "multiprocessing.connection.Pipe"])
def test_all_is_done_here_where_there_is_no_room_for_a_child(missing: str) -> None:
    """No process or descriptor is left for it, as in a container with a limit."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with mock.patch(missing, side_effect=BlockingIOError(11, "Resource temporarily unavailable")):
        shared = SharedTasks(lambda: range(3), str)
    if missing != "os.fork":
        # multiprocessing itself leaves its pipes open when it cannot fork.
        assert len(list(Path("/proc/self/fd").iterdir())) == before
    with closing(shared):
        assert list(shared.tasks()) == [0, 1, 2]
        assert dict(shared.results()) == {0: "0", 1: "1", 2: "2"}
    assert multiprocessing.active_children() == []
