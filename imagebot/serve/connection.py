"""Connections of the listener that nobody can hold open for nothing."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_LONGEST = 10.0
"""Seconds that a request may take to arrive, from its first byte or that of the connection."""
_MOST = 500
"""Connections at a time."""


class ShedProtocol(H11Protocol):
    """HTTP of uvicorn, which bounds how long a connection may be idle after an answer, but not how
    long a request may take to arrive: byte by byte, that is for ever."""

    _shed_at: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST:
            transport.abort()
        else:
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
