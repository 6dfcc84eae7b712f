"""Do the same work for many tasks in forked processes, which inherit what they work on.

Only results go through a pipe. Fork only from a process with one thread.
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


def raise_gc_threshold() -> None:
    """Raise the GC threshold: a pass creates many long-lived values and no cycles, and looking at
    them again and again would take half of its time."""
    gc.set_threshold(300_000, 20, 20)


def usable_processes() -> int:
    """How many processes can share work; 1 where forking is not safe, as beside other threads."""
    import multiprocessing

    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    if threading.active_count() > 1 or multiprocessing.current_process().daemon:
        return 1
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


def prepare_child() -> None:
    """Prepare a forked process: only its parent handles interrupts, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()
    raise_gc_threshold()


def map_forked(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, processes: int
) -> Iterator[Result]:
    """`work` of each task, in the order of the tasks, as the results come in.

    Results must be plain values. A task that raises is run again in the calling process, so that
    its exception is raised here. Raises ProcessLostError when a process ends before its work.
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
    """The work of a forked process."""
    prepare_child()
    for other in others:
        other.close()
    with contextlib.suppress(BrokenPipeError):
        for task in tasks:
            try:
                outcome: tuple[Result] | None = (work(task),)
            except Exception:  # noqa: BLE001 - the parent does the task again, and raises it
                outcome = _FAILED
            sender.send(outcome)
