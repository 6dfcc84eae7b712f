"""`imagebot serve` for the sandbox: in a thread of this process, its log in a file."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from types import TracebackType
from typing import Self

from imagebot.demo.sandbox import Sandbox, add_daemon
from imagebot.errors import ImagebotError
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.process import Process
from imagebot.serve.board import Snapshot
from imagebot.serve.service import Service, open_service
from imagebot.values import dataclass

_PATIENCE = 60.0
_TICK = 0.002
_LONGEST_END = 9.0


@dataclass(slots=True)
class LiveDaemon:
    """Goes round for the duration of its `with` block."""

    service: Service
    _ending: bool = field(default=False, init=False)
    _failure: Exception | None = field(default=None, init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._go_round, name="daemon", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending = True
        self.service.parts.daemon.inbox.wake()
        ends = time.monotonic() + _LONGEST_END
        # A pass that was interrupted still uses its folders for a moment.
        for thread in (self._thread, *_passes()):
            thread.join(max(0.0, ends - time.monotonic()))

    @property
    def address(self) -> str:
        return str(self.service.listeners[0].address)

    def wait_until(self, what: str, condition: Callable[[Snapshot], bool]) -> Snapshot:
        """What the daemon knows once that is so.

        Raises ImagebotError when it is not so within a minute, or when a pass had a problem.
        """
        ends = time.monotonic() + _PATIENCE
        while not condition(snapshot := self.service.parts.board.snapshot()):
            if self._failure is not None:
                raise self._failure
            for problem in (each for target in snapshot.targets for each in target.problems):
                raise ImagebotError(problem.message, hint=problem.hint)
            if time.monotonic() > ends:
                raise ImagebotError(f"the sandbox's daemon: {what} did not come within a minute")
            time.sleep(_TICK)
        return snapshot

    def _go_round(self) -> None:
        try:
            while not self._ending:
                self.service.parts.daemon.turn()
        except KeyboardInterrupt:
            # The process was asked to end, which is the main thread's to tell.
            return
        except Exception as error:  # noqa: BLE001 - raised where somebody waits
            self._failure = error


@contextlib.contextmanager
def run_daemon(
    sandbox: Sandbox, process: Process, environment: Mapping[str, str]
) -> Iterator[LiveDaemon]:
    """The daemon of a sandbox, at a free port of loopback, which the bot's file names from then on.

    Raises UsageError where it cannot listen.
    """
    own = replace(process, environment=environment)
    with sandbox.log.open("w", encoding="utf-8") as log:
        diagnostics = Diagnostics("json", vault=process.vault, stream=log)
        add_daemon(sandbox, "127.0.0.1:0")
        with open_service(own, sandbox.bot(), diagnostics) as service:
            add_daemon(sandbox, str(service.listeners[0].address))
            with LiveDaemon(service) as live:
                yield live


def _passes() -> Iterator[threading.Thread]:
    return (each for each in threading.enumerate() if each.name.startswith("pass-"))
