"""Announces pushes to an endpoint, as distribution's notifications do.

https://distribution.github.io/distribution/about/notifications/
"""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import threading
import uuid
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from imagebot.demo.distribution.exchange import ServerRequest, ServerResponse
from imagebot.demo.distribution.routes import manifest_of
from imagebot.reference import is_tag
from imagebot.values import dataclass

MEDIA_TYPE = "application/vnd.docker.distribution.events.v1+json"
_MOST_WAITING = 100
_WITHIN = 2.0
_LONGEST_END = 3.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An http URL, and what proves there who it is that announces."""

    url: str
    secret: str = field(repr=False)


def pushed(
    request: ServerRequest, answer: ServerResponse, now: datetime
) -> Mapping[str, object] | None:
    """The event of a request that has pushed a tag; None if it has not."""
    named = manifest_of(request.path)
    created = request.method == "PUT" and answer.status == HTTPStatus.CREATED
    if named is None or not created or not is_tag(named[1]):
        return None
    repository, tag = named
    host = request.headers.get("host", "")
    digest = answer.headers["Docker-Content-Digest"]
    return {
        "id": str(uuid.uuid4()),
        "timestamp": now.isoformat(),
        "action": "push",
        "target": {
            "mediaType": request.headers["content-type"].partition(";")[0].strip().lower(),
            "digest": digest,
            "size": len(request.body),
            "repository": repository,
            "url": f"http://{host}/v2/{repository}/manifests/{digest}",
            "tag": tag,
        },
        "request": {"id": str(uuid.uuid4()), "host": host, "method": request.method},
        "actor": {},
        "source": {"addr": host},
    }


class Notifications:
    """Sends events to an endpoint for the duration of its `with` block, one after the other, in a
    thread of its own. `sent` is the last body that was accepted.

    No push waits for it. Each event is sent once, and up to 100 wait: the sandbox does not try
    again, because the daemon looks for itself when it starts.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.sent = b""
        self._endpoint = endpoint
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ending = False
        self._thread = threading.Thread(target=self._send_all, name="notifications", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending = True
        self._waiting.put(None)
        self._thread.join(_LONGEST_END)

    @property
    def waiting(self) -> int:
        """How many events wait to be sent."""
        return self._waiting.qsize()

    def announce(self, event: Mapping[str, object]) -> None:
        """Send an event soon; one too many is left out."""
        if self.waiting < _MOST_WAITING:
            self._waiting.put(json.dumps({"events": [event]}, indent=2).encode())

    def _send_all(self) -> None:
        while (body := self._waiting.get()) is not None and not self._ending:
            # Nobody may listen, or it may not be HTTP.
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._send(body)

    def _send(self, body: bytes) -> None:
        url = urlsplit(self._endpoint.url)
        headers = {
            "Authorization": f"Bearer {self._endpoint.secret}",
            "Content-Type": MEDIA_TYPE,
        }
        connection = http.client.HTTPConnection(url.netloc, timeout=_WITHIN)
        with contextlib.closing(connection):
            connection.request("POST", url.path, body, headers)
            answer = connection.getresponse()
            answer.read(1024)
        if answer.status < HTTPStatus.BAD_REQUEST:
            self.sent = body
