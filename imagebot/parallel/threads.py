"""Do the same work for many items at once, in threads that never keep the process alive."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from imagebot.values import dataclass

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOMENT = 0.003  # seconds
_BUSY = 2 / 3  # of a moment
_LOOK = 0.05  # seconds

Progress = Callable[[int, int], None]
"""Called with the number of items done and of all items, in the calling thread, a moment later."""


@dataclass(frozen=True, slots=True)
class Lanes(Generic[Item]):
    """What may keep a worker waiting for long: items of one lane wait for the same thing.

    `of` says which lane an item is in, and `at_once` how many workers may be in a lane. The next
    worker goes where the fewest are, so that a lane in which nothing moves leaves the other workers
    to the others.
    """

    of: Callable[[Item], Hashable]
    at_once: Callable[[Hashable], int]


def map_at_once(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    lanes: Lanes[Item] | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """`work` of each item, in the order of the items; the first exception is raised.

    On an exception or interrupt it starts no further item and waits for nothing. One worker begins;
    others join it while it waits, not while it computes.
    """
    every = list(items)
    if len(every) == 1:
        # In this thread: the only item may then use processes itself.
        only = work(every[0])
        if progress:
            progress(1, 1)
        return [only]
    todo = _Todo(every, lanes or Lanes(lambda _: None, lambda _: workers))
    done: _Done[Result] = _Done(len(every))

    def run() -> None:
        last: int | None = None
        while (number := todo.next(last)) is not None:
            last = number
            try:
                done.put(number, work(every[number]))
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                todo.stop()
                done.fail(error)

    crew = _Crew(run, min(workers, todo.most_at_once))
    told = 0
    try:
        while told < len(every):
            crew.wait_for(done)
            for count in range(told, done.count):
                if progress:
                    progress(count + 1, len(every))
                told = count + 1
    finally:
        todo.stop()
    return done.results()


def in_time(work: Callable[[], Result], *, seconds: float) -> Result:
    """What `work` returns or raises, in a thread of its own, so that this one can be interrupted
    whatever `work` waits for: in the C library's look-up of a name no signal is noticed.

    Raises TimeoutError after so many seconds; nobody learns what becomes of the work then.
    """
    done: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            done.put((None, error))

    threading.Thread(target=run, name="in-time", daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"it took more than {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # None may be a Result


class _Done(Generic[Result]):
    """What the workers have made."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._results: dict[int, Result] = {}
        self._error: BaseException | None = None
        self._over = threading.Event()

    @property
    def count(self) -> int:
        """How many items are done. Raises the first error of a worker."""
        if self._error is not None:
            raise self._error
        return len(self._results)

    def put(self, number: int, result: Result) -> None:
        self._results[number] = result
        if len(self._results) == self._wanted:
            self._over.set()

    def fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._over.set()

    def wait(self, seconds: float) -> bool:
        """Whether all is done by then, or a worker has failed."""
        return self._over.wait(seconds)

    def results(self) -> list[Result]:
        return [self._results[number] for number in range(self._wanted)]


class _Crew:
    """Workers: one, then twice as many as often as they have waited for most of a moment.

    A thread takes longer to start than what is known already takes to look up. Where the process
    computes, it has one interpreter, and more threads only take it from each other: 200 requests to
    a host nearby took twice the time. For the same reason nobody is woken for each thing done.
    """

    def __init__(self, run: Callable[[], None], most: int) -> None:
        self._run = run
        self._most = most
        self._started = 0
        self._grow(1)

    def wait_for(self, done: _Done[Result]) -> None:
        """Wait until all is done, or long enough to tell how far it is."""
        if self._started == self._most:
            done.wait(_LOOK)
            return
        before = time.process_time()
        if not done.wait(_MOMENT) and time.process_time() - before < _BUSY * _MOMENT:
            self._grow(self._started)

    def _grow(self, more: int) -> None:
        for _ in range(min(more, self._most - self._started)):
            name = f"at-once-{self._started}"
            threading.Thread(target=self._run, name=name, daemon=True).start()
            self._started += 1


class _Todo(Generic[Item]):
    """The numbers of the items that nobody has begun, by lane."""

    def __init__(self, every: list[Item], lanes: Lanes[Item]) -> None:
        self._lock = threading.Lock()
        self._lane_of = [lanes.of(item) for item in every]
        self._waiting: dict[Hashable, deque[int]] = {}
        for number, lane in enumerate(self._lane_of):
            self._waiting.setdefault(lane, deque()).append(number)
        self._active = dict.fromkeys(self._waiting, 0)
        self._room = {lane: lanes.at_once(lane) for lane in self._waiting}

    @property
    def most_at_once(self) -> int:
        return sum(min(len(waiting), self._room[lane]) for lane, waiting in self._waiting.items())

    def next(self, last: int | None) -> int | None:
        """The item for a worker that has ended `last`; None when there is none for it.

        None is final: a lane with no room has workers, of which the next to end goes on there.
        """
        with self._lock:
            if last is not None:
                self._active[self._lane_of[last]] -= 1
            free = [lane for lane in self._waiting if self._active[lane] < self._room[lane]]
            if not free:
                return None
            lane = min(free, key=self._active.__getitem__)
            self._active[lane] += 1
            number = self._waiting[lane].popleft()
            if not self._waiting[lane]:
                del self._waiting[lane]
            return number

    def stop(self) -> None:
        """Nobody begins another item."""
        with self._lock:
            self._waiting.clear()
