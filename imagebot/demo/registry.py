"""The sandbox's OCI registry: in this process, on loopback, for anyone on the machine to use."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from imagebot.demo.distribution.exchange import ServerRequest
from imagebot.demo.distribution.images import Part, image
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
        self._server = DistributionServer(self._routes.answer, port)
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
        for blob in made.blobs:
            self._push("POST", f"{repository}/blobs/uploads/", blob, {"digest": blob.digest})
        for manifest in made.manifests:
            self._push("PUT", f"{repository}/manifests/{manifest.digest}", manifest)
        self._push("PUT", f"{repository}/manifests/{tag}", made.index)
        return made.index.digest

    def _push(
        self, method: str, path: str, part: Part, query: Mapping[str, str] | None = None
    ) -> None:
        """As any client's push, checks included, only without the socket."""
        answer = self._routes.answer(
            ServerRequest(
                method, f"/v2/{path}", query or {}, {"content-type": part.media_type}, part.data
            )
        )
        if answer.status != HTTPStatus.CREATED:
            raise ValueError(f"{method} {path}: {answer.status} {answer.body.decode()}")
