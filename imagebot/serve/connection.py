"""Connections of the listener that nobody can hold open for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from imagebot.run.diagnostics import Diagnostics
from imagebot.serve.told import Told

_LONGEST = 10.0
"""Seconds that a request may take to arrive, from its first byte or that of the connection. A TLS
handshake may take as long, before them."""
_MOST = 500
"""Connections at a time."""


class ListeningSocket(socket.socket):
    """Accepts so many connections at a time, and closes others at once; also where the process may
    open no more files.

    Here, because those that have not finished their TLS handshake count, too: each takes a file
    descriptor, and neither asyncio nor uvicorn bounds how many there are.
    """

    def __init__(self, family: socket.AddressFamily, diagnostics: Diagnostics) -> None:
        # With the protocol, asyncio sees that connections are of TCP, and sets TCP_NODELAY.
        super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._accepted: list[socket.socket] = []
        self._diagnostics = diagnostics
        self._told = Told()
        self._without_file = 0
        self._spare = _spare()

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            connection, address = super().accept()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE) or self._spare is None:
                raise
            self._end_one(error)
            raise ConnectionAbortedError from error
        self._accepted = [each for each in self._accepted if each.fileno() >= 0]
        if len(self._accepted) >= _MOST:
            connection.close()
            # asyncio goes on with the next one.
            raise ConnectionAbortedError
        self._accepted.append(connection)
        return connection, address

    def close(self) -> None:
        super().close()
        self._close_spare()

    def _end_one(self, error: OSError) -> None:
        """End a connection for which there is no descriptor, by means of the spare one: while it
        waits, asyncio logs it again and again."""
        self._close_spare()
        with contextlib.suppress(OSError):
            super().accept()[0].close()
        self._spare = _spare()
        self._without_file += 1
        if self._told.is_due(error.errno):
            count, self._without_file = self._without_file, 0
            self._diagnostics.warning(
                f"connections that were ended, as they could not be accepted: {count} "
                f"({error.strerror})",
                hint="let the process open more files: ulimit -n, LimitNOFILE of systemd",
            )

    def _close_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


def _spare() -> int | None:
    """A file descriptor for later; None where there is none left."""
    with contextlib.suppress(OSError):
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    return None


class ListeningLoop(asyncio.SelectorEventLoop):
    """asyncio's, which would wait a minute for a TLS handshake; uvicorn has no option for that."""

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        if options.get("ssl"):
            options["ssl_handshake_timeout"] = _LONGEST
        return await super().create_server(*arguments, **options)


class ShedProtocol(H11Protocol):
    """HTTP of uvicorn, which bounds how long a connection may be idle after an answer, but not how
    long a request may take to arrive: byte by byte, that is for ever."""

    _shed_at: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._shed_at is not None:
            self._shed_at.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        if self._shed_at is not None:
            self._shed_at.cancel()
        if not self.transport.is_closing():
            self._shed_at = self.loop.call_later(_LONGEST, self._shed)

    def _shed(self) -> None:
        """End the connection unless a whole request has arrived, which is being answered."""
        if self.conn.their_state is not h11.DONE:
            self.transport.abort()
