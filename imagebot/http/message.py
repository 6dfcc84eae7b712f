"""What is asked over HTTP, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from imagebot.http.zone import NetworkZone
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.http.tls import ClientIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. Errors are about `subject`; a body of more than `limit` bytes is an error.

    `reaches` is for the bot's own logins, at addresses that its environment or a cloud names: the
    nearest zone that they may be in. None is a registry's request, or one that a registry asked
    for, which never reaches a metadata server. `registry` is the origin of the registry that it is
    for, wherever it goes: to that, to its token server or its storage.
    """

    subject: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    limit: int = 64 * 1024
    ca_file: str = ""
    identity: ClientIdentity | None = None
    reaches: NetworkZone | None = None
    registry: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A response, whatever its status; `url` is that of the request.

    `zone` is where it came from, as far as that is known. What it says may only be shown when it is
    `quotable`: behind a proxy, a host that nobody named could be anything.
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    zone: NetworkZone = NetworkZone.PUBLIC
    quotable: bool = True

    def header(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    def values(self, name: str) -> tuple[str, ...]:
        lower = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == lower)
