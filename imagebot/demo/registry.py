"""The sandbox's OCI registry: in this process, on loopback, for anyone on the machine to use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from imagebot.demo.distribution.exchange import ServerRequest, ServerResponse
from imagebot.demo.distribution.images import Push, image, pushes
from imagebot.demo.distribution.notifications import Endpoint, Notifications, pushed
from imagebot.demo.distribution.routes import Routes
from imagebot.demo.distribution.server import DistributionServer
from imagebot.demo.distribution.storage import Storage
from imagebot.demo.distribution.uploads import Uploads


class DemoRegistry:
    """Serves plain HTTP without credentials for the duration of its `with` block.

    With a directory, pushed content is still there for the next registry on that directory.
    """

    def __init__(self, directory: Path | None = None, port: int = 0) -> None:
        """Port 0 has the kernel pick one.

        Raises FolderError when the directory is not a registry's, OSError when the port is taken.
        """
        self._routes = Routes(Storage(directory), Uploads())
        self._server = DistributionServer(self._answer, port)
        self._notifications: Notifications | None = None
        self._running = contextlib.ExitStack()

    @property
    def host(self) -> str:
        """`127.0.0.1:port`, the first part of a reference to an image in it."""
        return self._server.host

    def __enter__(self) -> Self:
        self._running.enter_context(self._server.running())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running.close()

    def seed(
        self,
        repository: str,
        tag: str,
        *,
        platforms: Sequence[str] = ("linux/amd64", "linux/arm64"),
        created: datetime,
    ) -> str:
        """Push a tiny image for each of the platforms; returns the digest of their index.

        The same arguments always give the same digest. `created` needs a time zone.
        Raises ValueError when the registry would refuse such a push by a client.
        """
        made = image(f"{repository}:{tag}", platforms=platforms, created=created)
        for push in pushes(made, repository, tag):
            self._push(push)
        return made.index.digest

    @contextlib.contextmanager
    def announcing(self, endpoint: Endpoint) -> Iterator[Notifications]:
        """Announce what clients push, until the block ends."""
        with Notifications(endpoint) as notifications:
            self._notifications = notifications
            try:
                yield notifications
            finally:
                self._notifications = None

    def _answer(self, request: ServerRequest) -> ServerResponse:
        """Of the socket's requests: what is pushed there is announced."""
        answer = self._routes.answer(request)
        notifications = self._notifications
        if notifications is not None and (event := pushed(request, answer, datetime.now(UTC))):
            notifications.announce(event)
        return answer

    def _push(self, push: Push) -> None:
        """As any client's push, checks included, only without the socket."""
        part = push.part
        headers = {"content-type": part.media_type}
        answer = self._routes.answer(
            ServerRequest(push.method, f"/v2/{push.path}", push.query, headers, part.data)
        )
        if answer.status != HTTPStatus.CREATED:
            said = f"{answer.status} {answer.body.decode()}"
            raise ValueError(f"{push.method} {push.path}: {said}")
