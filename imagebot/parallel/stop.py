"""End the whole process in time, whatever its threads and its children wait for.

From the moment it is asked to end there is no new request. A push that has begun gets eight
seconds, because nobody would know what became of it; every other child process is killed at once.
After nine and a half seconds the process ends, even if a thread of it hangs.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

GRACE = 8.0
"""Seconds that a push gets."""
LAST = 9.5
"""Seconds after which the process ends by force."""
STATUS = 130
_TICK = 0.05


class Stop:
    """A request to end, and what has to end first. Made once for a process, and given to whatever
    starts a child or sends a request.

    `clock` is in seconds; `leave` ends the process at once, with a status.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._leave = leave
        self._asked: float | None = None
        self._hurried = False
        # Changed by single operations only: the handler of a signal must not wait for a lock, which
        # the thread that it interrupts may have.
        self._children: dict[int, bool] = {}
        self._finishing: set[object] = set()
        self._starting: set[object] = set()
        # Marks of the two above that are the main thread's: it is not interrupted.
        self._of_main: set[object] = set()
        self._resting = False

    @property
    def asked(self) -> bool:
        return self._asked is not None

    def ask(self, *, hurry: bool = False) -> None:
        """Ask the process to end; called in the main thread, by the handler of a signal.

        Raises KeyboardInterrupt, unless it was asked before, or the main thread is pushing, starts
        a child or rests. To be asked again in a hurry takes the time of the pushes away.
        """
        if self._asked is not None:
            self._hurried = self._hurried or hurry
            return
        self._asked = self._clock()
        # Where no thread can be had, the main thread still ends.
        with contextlib.suppress(RuntimeError):
            # threading.Thread would take locks.
            _thread.start_new_thread(self._see_to_it, ())
        if not self._of_main and not self._resting:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raises KeyboardInterrupt when the process was asked to end; called before a request."""
        if self.asked:
            raise KeyboardInterrupt

    def rest(self) -> None:
        """From now on the main thread is not interrupted: its work is done, and it only has to say
        so and to end, or to ask whether it may `resume`."""
        self._resting = True

    def resume(self) -> bool:
        """Whether more work may begin; the main thread is interrupted again, from here on."""
        self._resting = False
        return not self.asked

    @contextlib.contextmanager
    def finishing(self) -> Iterator[None]:
        """Around a push. Raises KeyboardInterrupt before and after it, as `check` does."""
        try:
            with self._undisturbed(self._finishing):
                # Only now: whoever is asked from here on waits for us.
                self.check()
                yield
        finally:
            self.check()

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """While a child process is started, and until it is watched."""
        with self._undisturbed(self._starting):
            yield

    def watch(self, pid: int, *, spare: bool) -> None:
        """A child runs, which leads its own group. `spare`: it is a push."""
        self._children[pid] = spare

    def forget(self, pid: int) -> None:
        """The child has ended."""
        self._children.pop(pid, None)

    def finish(self) -> None:
        """Wait until the pushes of other threads have ended or their time is up; kill the rest.

        Called by the main thread before it ends.
        """
        if self._asked is not None:
            self._wait(GRACE, lambda: bool(self._finishing))
            # A child that is just being started could not be killed yet.
            self._wait(LAST, lambda: bool(self._starting))
        self._kill(spared=True)

    @contextlib.contextmanager
    def _undisturbed(self, marks: set[object]) -> Iterator[None]:
        """Of the marks one is ours; the main thread is not interrupted."""
        mark = object()
        if threading.current_thread() is threading.main_thread():
            self._of_main.add(mark)
        marks.add(mark)
        try:
            yield
        finally:
            marks.discard(mark)
            self._of_main.discard(mark)

    def _see_to_it(self) -> None:
        self._kill(spared=False)
        self._wait(GRACE, lambda: bool(self._finishing))
        self._kill(spared=True)
        self._wait(LAST, lambda: True)
        self._kill(spared=True)
        self._leave(STATUS)

    def _wait(self, seconds: float, pending: Callable[[], bool]) -> None:
        """Until nothing is pending, or so many seconds after the process was asked to end."""
        assert self._asked is not None
        while pending() and self._clock() - self._asked < seconds:
            if self._hurried and seconds == GRACE:
                return
            self._sleep(_TICK)

    def _kill(self, *, spared: bool) -> None:
        for pid, spare in list(self._children.items()):
            if spared or not spare:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
