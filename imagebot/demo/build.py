"""What a build does at its end: push an image to the sandbox's registry, over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import urllib.parse
from datetime import datetime
from http import HTTPStatus

from imagebot.demo.distribution.images import image, pushes
from imagebot.errors import RegistryProtocolError, RegistryUnreachableError

_WITHIN = 10.0
_PLATFORMS = ("linux/amd64", "linux/arm64")


def push_image(host: str, repository: str, tag: str, *, created: datetime) -> str:
    """Push a tiny image, its tag last; returns the reference. Raises RegistryError."""
    made = image(f"{repository}:{tag}", platforms=_PLATFORMS, created=created)
    connection = http.client.HTTPConnection(host, timeout=_WITHIN)
    with contextlib.closing(connection):
        for push in pushes(made, repository, tag):
            path = f"/v2/{push.path}?{urllib.parse.urlencode(push.query)}"
            headers = {"Content-Type": push.part.media_type}
            try:
                connection.request(push.method, path, push.part.data, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise RegistryUnreachableError(host, str(error)) from error
            if answer.status != HTTPStatus.CREATED:
                raise RegistryProtocolError(host, f"answered {answer.status} to {path}")
    return f"{host}/{repository}:{tag}"
