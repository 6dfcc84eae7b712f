"""Docker Hub: the tags of its own API, which is on another host than the registry.

https://docs.docker.com/reference/api/hub/latest/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from imagebot.errors import RegistryAuthError
from imagebot.http.message import Request, Response
from imagebot.registry.api import Pushed
from imagebot.registry.image import parse_time
from imagebot.registry.protocol import parse_json
from imagebot.registry.vendors.query import (
    MAX_PAGES,
    PushQuery,
    as_digest,
    as_list,
    as_object,
    as_tag,
)

SOURCE = "Docker Hub"
_API = "https://hub.docker.com"
_FEW = 5
"""Up to this many tags are asked for one by one; more, in pages of 100, newest first."""


def pushed(query: PushQuery) -> dict[str, Pushed]:
    """`tag_last_pushed` of tags; private repositories are asked for with the credential."""
    namespace, _, name = query.path.partition("/")
    api = query.url or _API
    url = f"{api}/v2/namespaces/{quote(namespace)}/repositories/{quote(name, safe='')}/tags"
    headers: dict[str, str] = {}
    first = query.get(f"{url}?page_size=1")
    # The API returns 404 for what needs a log-in.
    if first.status in (401, 403, 404) and query.credential:
        headers = _log_in(query, api)
    elif first.status != 200:
        query.read(first)
    if len(query.tags) <= _FEW:
        return _one_by_one(query, url, headers)
    return _pages(query, url, headers)


def _one_by_one(query: PushQuery, url: str, headers: Mapping[str, str]) -> dict[str, Pushed]:
    found: dict[str, Pushed] = {}
    for tag in sorted(query.tags):
        response = query.get(f"{url}/{quote(tag)}", headers)
        if response.status != 404:
            found |= _pushed(query.read(response))
    return found


def _pages(query: PushQuery, url: str, headers: Mapping[str, str]) -> dict[str, Pushed]:
    found: dict[str, Pushed] = {}
    for page in range(1, MAX_PAGES + 1):
        document = as_object(query.read(query.get(f"{url}?page_size=100&page={page}", headers)))
        for item in as_list(document.get("results")):
            found |= _pushed(item)
        if not document.get("next") or not query.missing(found):
            break
    return found


def _pushed(item: object) -> dict[str, Pushed]:
    fields = as_object(item)
    tag = as_tag(fields.get("name"))
    at = parse_time(fields.get("tag_last_pushed")) or parse_time(fields.get("last_updated"))
    return {tag: Pushed(at, SOURCE, as_digest(fields.get("digest")))} if tag and at else {}


def _log_in(query: PushQuery, api: str) -> dict[str, str]:
    credential = query.credential
    assert credential
    if credential.kind != "password":
        reason = "Docker Hub's API needs a user name and a token, for push times"
        raise RegistryAuthError(query.subject, reason)
    secret = {"identifier": credential.username, "secret": credential.secret}
    response: Response = query.send(
        Request(
            subject=query.subject,
            url=f"{api}/v2/auth/token",
            method="POST",
            headers={"Content-Type": "application/json"},
            content=json.dumps(secret).encode(),
        )
    )
    if response.status != 200:
        query.read(response)
    document = as_object(parse_json(query.subject, response.body, "the response to the log-in"))
    token = document.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise RegistryAuthError(query.subject, "Docker Hub's API gave no usable token")
    query.keep(token)
    return {"Authorization": f"Bearer {token}"}
