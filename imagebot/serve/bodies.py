"""Reads the bodies of deliveries, and bounds what all of them take."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import field

from starlette.exceptions import HTTPException
from starlette.requests import Request

from imagebot.values import dataclass

_MOST_BYTES = 1024 * 1024
"""Of a delivery: GitHub's are 100 KB at most in practice."""
_SMALL = 64 * 1024
"""Bytes of a body that count for nothing: there is room for one on each connection."""
_MOST_IN_ALL = 32 * 1024 * 1024
"""Of all bodies that are not small, until they were looked at. Anybody who connects can send
them: the secret is checked when they are there."""


@dataclass(slots=True)
class Bodies:
    """For the thread of one listener."""

    _held: int = field(default=0, init=False)

    @contextlib.asynccontextmanager
    async def body_of(self, request: Request) -> AsyncIterator[bytes]:
        """The body, as long as it is looked at.

        Raises HTTPException: 413 for one that is larger than a delivery may be, and 503 while there
        is no room for it. The connection sheds those that take too long.
        """
        body, counted = bytearray(), 0
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise HTTPException(413)
                if len(body) > _SMALL:
                    self._held += len(body) - counted
                    counted = len(body)
                if counted and self._held > _MOST_IN_ALL:
                    raise HTTPException(503, headers={"Retry-After": "10"})
            yield bytes(body)
        finally:
            self._held -= counted
