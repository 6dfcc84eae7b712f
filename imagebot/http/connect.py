"""Connect to the first of several addresses that answers."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Iterable

from imagebot.http.exchange import Exchange
from imagebot.http.resolve import Address

_HEAD_START = 0.25
"""Seconds before the next address is tried as well (RFC 8305)."""


def connect(addresses: Iterable[Address], exchange: Exchange) -> socket.socket:
    """A connection to the first address that accepts one.

    Raises OSError when none does, and LimitExceededError.
    """
    race = _Race(addresses)
    try:
        return race.run(exchange)
    finally:
        race.close()


class _Race:
    """Attempts to connect, each with a head start over the next."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._waiting = list(addresses)
        self._running: list[socket.socket] = []
        self._selector = selectors.PollSelector()
        self._error = OSError(errno.EADDRNOTAVAIL, "it has no address")

    def run(self, exchange: Exchange) -> socket.socket:
        while True:
            connected = self._start() if self._waiting else None
            next_start = time.monotonic() + _HEAD_START
            while connected is None and self._running:
                wait = exchange.wait()
                if self._waiting:
                    wait = min(wait, next_start - time.monotonic())
                    if wait <= 0:
                        break
                connected = self._finish(wait)
            if connected is not None:
                return connected
            if not self._waiting and not self._running:
                raise self._error

    def _start(self) -> socket.socket | None:
        """Begin with the next address; the connection, if there is one at once."""
        address = self._waiting.pop(0)
        try:
            attempt = socket.socket(address.family, socket.SOCK_STREAM)
        # A machine without IPv6.
        except OSError as error:
            self._error = error
            return None
        self._running.append(attempt)
        attempt.setblocking(False)
        try:
            code = attempt.connect_ex(address.target)
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code == errno.EINPROGRESS:
            self._selector.register(attempt, selectors.EVENT_WRITE)
            return None
        return self._end(attempt, code)

    def _finish(self, wait: float) -> socket.socket | None:
        """A connection that was made within `wait` seconds."""
        for key, _ in self._selector.select(wait):
            attempt = key.fileobj
            assert isinstance(attempt, socket.socket)
            self._selector.unregister(attempt)
            code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if connected := self._end(attempt, code):
                return connected
        return None

    def _end(self, attempt: socket.socket, code: int) -> socket.socket | None:
        self._running.remove(attempt)
        if code == 0:
            return attempt
        attempt.close()
        self._error = OSError(code, os.strerror(code))
        return None

    def close(self) -> None:
        self._selector.close()
        for attempt in self._running:
            attempt.close()
