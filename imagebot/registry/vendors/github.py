"""GitHub's container registry: versions of the package, from GitHub's REST API.

https://docs.github.com/rest/packages/packages. It has no anonymous access, and takes the token
that pulls (a classic one with `read:packages`, or a workflow's).
"""

from __future__ import annotations

from urllib.parse import quote

from imagebot.errors import RegistryRateLimitError
from imagebot.http.message import Response
from imagebot.http.pauses import is_limit
from imagebot.registry.api import Pushed
from imagebot.registry.image import parse_time
from imagebot.registry.vendors.query import (
    MAX_PAGES,
    PushQuery,
    as_digest,
    as_list,
    as_object,
    as_tag,
)

SOURCE = "GitHub Packages"
_API = "https://api.github.com"
_PAGE = 100


def pushed(query: PushQuery) -> dict[str, Pushed]:
    """`created_at` of the version that has the tag: when its digest was pushed.

    Not `updated_at`, which moves whenever any tag of the version does. Nothing without a token.
    """
    if query.credential is None or query.credential.kind != "password":
        return {}
    headers = {
        "Authorization": f"Bearer {query.credential.secret}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    owner, _, package = query.path.partition("/")
    found: dict[str, Pushed] = {}
    # A package belongs to an organization or to a user, and the registry's path is the same.
    for kind in ("orgs", "users"):
        url = (
            f"{query.url or _API}/{kind}/{quote(owner)}"
            f"/packages/container/{quote(package, safe='')}/versions"
        )
        for page in range(1, MAX_PAGES + 1):
            response = query.get(f"{url}?per_page={_PAGE}&page={page}", headers)
            if response.status == 404 and kind == "orgs":
                break
            _check_limit(query, response)
            versions = as_list(query.read(response))
            for version in versions:
                found |= _pushed(version)
            if len(versions) < _PAGE or not query.missing(found):
                return found
    return found


def _pushed(version: object) -> dict[str, Pushed]:
    fields = as_object(version)
    at = parse_time(fields.get("created_at"))
    container = as_object(as_object(fields.get("metadata")).get("container"))
    tags = container.get("tags")
    if at is None or not isinstance(tags, list):
        return {}
    digest = as_digest(fields.get("name"))
    return {as_tag(tag): Pushed(at, SOURCE, digest) for tag in tags if as_tag(tag)}


def _check_limit(query: PushQuery, response: Response) -> None:
    """GitHub says 403 where others say 429."""
    nothing_left = response.header("X-RateLimit-Remaining") == "0"
    if response.status == 403 and (nothing_left or is_limit(response)):
        raise RegistryRateLimitError(
            query.subject,
            "GitHub's API allows no more requests for now (403)",
            hint="a later pass asks again",
            status=403,
        )
