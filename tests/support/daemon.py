"""`imagebot serve` as a process of its own, and the log that it writes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.process import PATIENCE, end
from tests.support.signals import with_signals

_TICK = 0.005


@dataclass(slots=True)
class Daemon:
    """A daemon that listens; `url` is where, `hooks_url` where its hooks are."""

    folder: Path
    log: Path
    process: subprocess.Popen[bytes]
    addresses: list[str] = field(default_factory=list)
    _read: int = 0
    _events: list[dict[str, Any]] = field(default_factory=list)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.addresses[0]}"

    @property
    def hooks_url(self) -> str:
        return f"http://{self.addresses[-1]}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def events(self, *names: str) -> list[dict[str, Any]]:
        """What the log has so far: all, or those with these names."""
        with self._reading:
            with self.log.open("rb") as log:
                log.seek(self._read)
                new = log.read()
            # The last line may be half written; what was read is not read again.
            whole = new[: new.rfind(b"\n") + 1]
            lines = whole.decode("utf-8", errors="replace").split("\n")[:-1]
            self._events += map(json.loads, lines)
            self._read += len(whole)
            return [each for each in self._events if not names or each["event"] in names]

    def wait_for(self, name: str, *, more_than: int = 0, **data: object) -> dict[str, Any]:
        """The newest event of a name with this data, once there are more than so many."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [
                event
                for event in self.events(name)
                if all(event.get(key) == value for key, value in data.items())
            ]
            return len(found) > more_than

        self.wait_until(there, f"{name} {data}")
        return found[-1]

    def wait_until(self, condition: Callable[[], bool], what: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            said = self.log.read_text("utf-8", errors="replace")[-4000:]
            assert self.process.poll() is None, f"the daemon has ended: {said}"
            assert time.monotonic() < deadline, f"{what} did not come: {said}"
            time.sleep(_TICK)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._send("GET", self.url + path, **more)

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        return self._send("POST", self.hooks_url + path, content=content, headers=dict(headers))

    def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        # It is plain HTTP: to load the authorities that sign certificates takes ten times as long.
        given = {"verify": False, "trust_env": False, "timeout": PATIENCE, **more}
        return httpx.request(method, url, **given)


@contextlib.contextmanager
def daemon(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    log: str = "daemon.log",
) -> Iterator[Daemon]:
    """`imagebot serve -c bot.yaml` in `folder`, whose `serve.listen` should have port 0."""
    path = folder / log
    with path.open("wb") as output:
        process = subprocess.Popen(
            with_signals([sys.executable, "-m", "imagebot", "serve", "-c", "bot.yaml", *arguments]),
            cwd=folder,
            env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Daemon(folder, path, process)
    try:
        running.addresses = running.wait_for("listening")["addresses"]
        yield running
    finally:
        end(process)
