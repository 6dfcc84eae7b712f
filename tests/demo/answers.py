"""What the tests of the sandbox's registry read from its answers."""

from __future__ import annotations

import httpx


def code(response: httpx.Response) -> str:
    """The distribution specification's error code, of an error body that is as it has it."""
    assert response.headers["Content-Type"] == "application/json"
    (error,) = response.json()["errors"]
    assert error.keys() == {"code", "message", "detail"}
    return str(error["code"])
