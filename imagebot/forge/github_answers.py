"""What GitHub's answers say about a token and about what went wrong. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# What the types of GraphQL's failures are called elsewhere.
_STATUSES = {"FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "RATE_LIMITED": 429, "NOT_FOUND": 404}


def expiry_of(headers: Mapping[str, Any]) -> datetime | None:
    """When a personal token ends, as `2026-12-31 23:59:59 UTC`.

    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
    """
    said = str(headers.get("github-authentication-token-expiration", ""))
    for form in ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC"):
        with contextlib.suppress(ValueError, OverflowError):
            found = datetime.strptime(said, form)  # noqa: DTZ007 - UTC, as it says
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def query_failure(data: object) -> tuple[int, str] | None:
    """The status and text of a failure of GraphQL, which answers 200 with a type; else None.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
    """
    if not isinstance(data, dict) or "message" in data or not isinstance(data.get("errors"), list):
        return None
    errors = [each for each in data["errors"] if isinstance(each, dict)]
    statuses = [_STATUSES.get(str(each.get("type"))) for each in errors]
    text = "; ".join(str(each.get("message") or "no reason given") for each in errors)
    return next((status for status in statuses if status), 422), text


def message_of(data: object) -> str:
    """What GitHub says in the body of an error, with the details of a 422."""
    if not isinstance(data, dict):
        return str(data or "no reason given")
    errors = data.get("errors")
    details = [
        str(entry.get("message") or f"{entry.get('field')}: {entry.get('code')}")
        if isinstance(entry, dict)
        else str(entry)
        for entry in (errors if isinstance(errors, list) else [])
    ]
    return "; ".join([str(data.get("message") or "no reason given"), *details])
