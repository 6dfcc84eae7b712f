"""Quay: the tag list of its API, on the registry's own host.

`GET /api/v1/repository/<path>/tag/`. Public repositories only: the API takes OAuth tokens and
not the robot accounts that pull.
"""

from __future__ import annotations

from urllib.parse import quote

from imagebot.registry.api import Pushed
from imagebot.registry.vendors.query import (
    MAX_PAGES,
    PushQuery,
    as_digest,
    as_list,
    as_object,
    as_tag,
    as_time,
)

SOURCE = "Quay"


def pushed(query: PushQuery) -> dict[str, Pushed]:
    """`start_ts` of the active tags: since when the tag points to where it points."""
    base = f"{query.url or query.endpoint.url}/api/v1/repository/{quote(query.path)}/tag/"
    found: dict[str, Pushed] = {}
    for page in range(1, MAX_PAGES + 1):
        url = f"{base}?limit=100&page={page}&onlyActiveTags=true"
        document = as_object(query.read(query.get(url)))
        for item in as_list(document.get("tags")):
            tag, at = as_tag(item.get("name")), as_time(item.get("start_ts"))
            if tag and at:
                found[tag] = Pushed(at, SOURCE, as_digest(item.get("manifest_digest")))
        if document.get("has_additional") is not True or not query.missing(found):
            break
    return found
