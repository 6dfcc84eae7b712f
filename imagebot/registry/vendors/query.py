"""A query for push times, and helpers to read the responses of vendors' APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Protocol

from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request, Response
from imagebot.reference import is_digest, is_tag
from imagebot.registry.api import Pushed
from imagebot.registry.credentials import Credential
from imagebot.registry.failures import failure
from imagebot.registry.image import FIRST_YEAR
from imagebot.registry.protocol import parse_json
from imagebot.values import dataclass

MAX_BODY = 16 * 1024 * 1024
MAX_PAGES = 100


class RegistryGet(Protocol):
    """GET from the registry itself, with its own authorization; `url` is absolute."""

    def __call__(self, url: str, *, scope: str) -> Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PushQuery:
    """`path` is the repository's at `endpoint`; `url` is the API's, "" for the usual one.

    `send` sends a request without authorization, and returns the response whatever its status;
    `keep` gets to know a token that is granted.
    """

    subject: str
    path: str
    tags: frozenset[str]
    endpoint: Endpoint
    url: str
    credential: Credential | None = field(repr=False)
    registry_get: RegistryGet
    send: Callable[[Request], Response]
    keep: Callable[[str], object]

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET from the vendor's API, whatever the status."""
        request = Request(
            subject=self.subject,
            url=url,
            headers={"Accept": "application/json", **(headers or {})},
            limit=MAX_BODY,
            ca_file=self.endpoint.ca_file,
            registry=self.endpoint.url,
        )
        return self.send(request)

    def read(self, response: Response) -> object:
        """The JSON of a 200. Raises RegistryError for any other status."""
        if response.status != 200:
            raise failure(self.subject, response, self.endpoint, self.credential)
        return parse_json(self.subject, response.body, "the response of the registry's API")

    def missing(self, found: Mapping[str, Pushed]) -> bool:
        return not self.tags <= found.keys()


def as_object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_tag(value: object) -> str:
    """A tag; "" for anything else."""
    return value if isinstance(value, str) and is_tag(value) else ""


def as_digest(value: object) -> str | None:
    return value if isinstance(value, str) and is_digest(value) else None


def as_time(seconds: object) -> datetime | None:
    """A time from seconds since 1970, as a number or in digits; None for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | str):
        return None
    try:
        time = datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.year >= FIRST_YEAR else None
