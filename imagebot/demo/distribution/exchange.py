"""Requests, answers and refusals of the sandbox's registry, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field

from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """`query` has the last value of each parameter; `headers` have lower-case names.

    HEAD arrives as GET: the server leaves the body out when it sends the answer.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ServerResponse:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class RefusalError(Exception):
    """An error as the distribution specification words it: one of its codes, and a message."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> ServerResponse:
        errors = {"errors": [{"code": self.code, "message": self.message, "detail": None}]}
        return json_answer(errors, status=self.status, headers=self.headers)


def json_answer(
    document: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> ServerResponse:
    body = json.dumps(document).encode()
    return ServerResponse(status, {"Content-Type": "application/json", **(headers or {})}, body)
