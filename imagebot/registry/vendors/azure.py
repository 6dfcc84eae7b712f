"""Azure Container Registry: `GET /acr/v1/<name>/_tags`, the registry's own API.

https://learn.microsoft.com/rest/api/containerregistry/tag/getlist
"""

from __future__ import annotations

from imagebot.registry.api import Pushed
from imagebot.registry.image import parse_time
from imagebot.registry.protocol import next_page
from imagebot.registry.vendors.query import (
    MAX_PAGES,
    PushQuery,
    as_digest,
    as_list,
    as_object,
    as_tag,
)

SOURCE = "Azure Container Registry"


def pushed(query: PushQuery) -> dict[str, Pushed]:
    """`lastUpdateTime` of tags, newest first, until all those asked for are found."""
    found: dict[str, Pushed] = {}
    base = query.url or query.endpoint.url
    url = f"{base}/acr/v1/{query.path}/_tags?n=100&orderby=timedesc"
    for _ in range(MAX_PAGES):
        response = query.registry_get(url, scope=f"repository:{query.path}:metadata_read")
        for item in as_list(as_object(query.read(response)).get("tags")):
            tag, at = as_tag(item.get("name")), parse_time(item.get("lastUpdateTime"))
            if tag and at:
                found[tag] = Pushed(at, SOURCE, as_digest(item.get("digest")))
        following = next_page(query.subject, response.values("Link"), response.url)
        if following is None or not query.missing(found):
            break
        url = following
    return found
