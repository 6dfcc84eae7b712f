"""One list of tasks for two processes: a child begins with it, and its parent joins in later.

Each takes the next task that nobody has taken. The numbers of those that are left are in a pipe;
the tasks and their results come through another.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from imagebot.parallel.processes import prepare_child

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_TASKS = 2_000
"""Their numbers fit into a pipe, so that nobody waits to write them."""
_BYTES = 2
_ROOM = 1 << 20


class SharedTasks(Generic[Task, Result]):
    """The tasks that `plan` gives, at most MOST_TASKS, and `work` of each.

    Both are called in the child at once, and here for what it could not do: it met an exception,
    which is then raised here, or was killed, or there was no room for it. Tasks and results must be
    plain values. Fork only from a process with one thread, and close it.
    """

    def __init__(self, plan: Callable[[], Sequence[Task]], work: Callable[[Task], Result]) -> None:
        self._plan = plan
        self._work = work
        self._tasks: Sequence[Task] | None = None
        self._results: Connection | None = None
        self._numbers = -1
        with contextlib.suppress(OSError):
            self._start()

    def _start(self) -> None:
        import multiprocessing

        context = multiprocessing.get_context("fork")
        with contextlib.ExitStack() as mine, contextlib.ExitStack() as of_child:
            reading, writing = os.pipe()
            mine.callback(os.close, reading)
            of_child.callback(os.close, writing)
            received, sent = context.Pipe(duplex=False)
            mine.callback(received.close)
            of_child.callback(sent.close)
            with contextlib.suppress(AttributeError, OSError):
                # Until the parent takes them. Only Linux can, and not everybody may.
                fcntl.fcntl(sent.fileno(), fcntl.F_SETPIPE_SZ, _ROOM)
            self._numbers = reading
            process = context.Process(target=self._run, args=(writing, received, sent), daemon=True)
            process.start()
            mine.pop_all()
        self._results, self._process = received, process

    def tasks(self) -> Sequence[Task]:
        """All tasks, in their order."""
        if self._tasks is None:
            received = self._receive()
            if received is None:
                self.close()
            self._tasks = self._plan() if received is None else received
        return self._tasks

    def results(self) -> Iterator[tuple[int, Result]]:
        """The number and the result of each task, in any order. Call it once."""
        tasks = self.tasks()
        missing = dict.fromkeys(range(len(tasks)))
        while self._results is not None and (mine := _take(self._numbers)) is not None:
            del missing[mine]
            yield mine, self._work(tasks[mine])
            while self._has_result() and (received := self._receive()):
                del missing[received[0]]
                yield received
        while missing and (received := self._receive()):
            del missing[received[0]]
            yield received
        for number in missing:
            yield number, self._work(tasks[number])

    def close(self) -> None:
        """End the child, whatever it does."""
        if self._results is not None:
            self._results.close()
            self._results = None
            os.close(self._numbers)
            self._process.terminate()
            self._process.join()

    def _has_result(self) -> bool:
        return self._results is not None and self._results.poll()

    def _receive(self) -> Any:
        """What the child says next; None if it has nothing more to say."""
        try:
            return self._results.recv() if self._results is not None else None
        except (EOFError, OSError):
            return None

    def _run(self, numbers: int, others: Connection, results: Connection) -> None:
        """The work of the child."""
        prepare_child()
        others.close()
        try:
            tasks = self._plan()
        except Exception:  # noqa: BLE001 - the parent plans again, and raises it
            return
        os.write(numbers, b"".join(n.to_bytes(_BYTES, "little") for n in range(len(tasks))))
        os.close(numbers)
        with contextlib.suppress(BrokenPipeError):
            results.send(tasks)
            while (number := _take(self._numbers)) is not None:
                try:
                    result = self._work(tasks[number])
                except Exception:  # noqa: BLE001, S112 - the parent does the task again, and raises it
                    continue
                results.send((number, result))


def _take(numbers: int) -> int | None:
    """The number of the next task, None if all are taken."""
    number = os.read(numbers, _BYTES)
    return int.from_bytes(number, "little") if number else None
