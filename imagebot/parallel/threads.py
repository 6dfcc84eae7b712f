"""Do the same work for many items at once, in threads that never keep the process alive."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[int, int], None]
"""Called with the number of items done and of all items, in the calling thread."""


def map_at_once(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    progress: Progress | None = None,
) -> list[Result]:
    """`work` of each item, in the order of the items; the first exception is raised.

    On an exception or interrupt it starts no further item and waits for nothing.
    """
    every = list(items)
    if len(every) == 1:
        # In this thread: the only item may then use processes itself.
        only = work(every[0])
        if progress:
            progress(1, 1)
        return [only]
    todo: queue.SimpleQueue[tuple[int, Item]] = queue.SimpleQueue()
    for pair in enumerate(every):
        todo.put(pair)
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                number, item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, work(item), None))
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                stop.set()
                done.put((number, None, error))

    for number in range(min(workers, len(every))):
        threading.Thread(target=run, name=f"at-once-{number}", daemon=True).start()
    results: dict[int, Result | None] = {}
    try:
        for count in range(1, len(every) + 1):
            number, result, error = done.get()
            if error is not None:
                raise error
            results[number] = result
            if progress:
                progress(count, len(every))
    finally:
        stop.set()
    return [results[number] for number in range(len(every))]  # type: ignore[misc]  # None may be a Result
