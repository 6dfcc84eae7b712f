"""The same work for many tasks in forked processes, which inherit what they work on.

Only results go through a pipe. Forking is for a process that has one thread.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from imagebot.errors import ProcessLostError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

_FAILED = None


def collect_seldom() -> None:
    """Look for reference cycles seldom: a pass makes many values, keeps them and makes no cycles,
    so that looking at all of them again and again is half of its time."""
    gc.set_threshold(300_000, 20, 20)


def usable_processes() -> int:
    """How many processes may share work that Python does: by forking, so only from one thread."""
    import multiprocessing

    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    if threading.active_count() > 1 or multiprocessing.current_process().daemon:
        return 1
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


def map_forked(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, processes: int
) -> Iterator[Result]:
    """`work` of each task, in the order of the tasks, as the results come in.

    Results must be plain values. A task that raises is done again by the caller's own process, so
    that its exception comes from here. Raises ProcessLostError when a process ends before its
    work does.
    """
    import multiprocessing

    context = multiprocessing.get_context("fork")
    started: list[tuple[ForkProcess, Connection]] = []
    try:
        for number in range(min(processes, len(tasks))):
            receiver, sender = context.Pipe(duplex=False)
            others = [receiver, *(each for _, each in started)]
            share = tasks[number::processes]
            process = context.Process(target=_work, args=(work, share, sender, others), daemon=True)
            process.start()
            sender.close()
            started.append((process, receiver))
        for number, task in enumerate(tasks):
            process, receiver = started[number % len(started)]
            yield _received(work, task, process, receiver)
    finally:
        for process, receiver in started:
            receiver.close()
            process.terminate()
            process.join()


def _received(
    work: Callable[[Task], Result], task: Task, process: ForkProcess, receiver: Connection
) -> Result:
    try:
        outcome: tuple[Result] | None = receiver.recv()
    except EOFError as error:
        process.join()
        raise ProcessLostError(process.exitcode) from error
    return work(task) if outcome is _FAILED else outcome[0]


def _work(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    sender: Connection,
    others: Sequence[Connection],
) -> None:
    """What a forked process does. Its parent alone is told of interrupts, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()
    collect_seldom()
    for other in others:
        other.close()
    with contextlib.suppress(BrokenPipeError):
        for task in tasks:
            try:
                outcome: tuple[Result] | None = (work(task),)
            except Exception:  # noqa: BLE001 - the parent does the task again, and raises it
                outcome = _FAILED
            sender.send(outcome)
