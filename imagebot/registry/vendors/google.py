"""Google's registries, gcr.io and Artifact Registry: times are in `tags/list` itself.

Its `manifest` maps digests to `timeUploadedMs` and `tag`, numbers in strings (as in
go-containerregistry's pkg/v1/google).
"""

from __future__ import annotations

from imagebot.registry.api import Pushed
from imagebot.registry.protocol import next_page
from imagebot.registry.vendors.query import (
    MAX_PAGES,
    PushQuery,
    as_digest,
    as_object,
    as_tag,
    as_time,
)

SOURCE = "Google"


def pushed(query: PushQuery) -> dict[str, Pushed]:
    """`timeUploadedMs` of the manifest that has the tag."""
    found: dict[str, Pushed] = {}
    base = query.url or query.endpoint.url
    url = f"{base}/v2/{query.path}/tags/list?n=10000"
    for _ in range(MAX_PAGES):
        response = query.registry_get(url, scope=f"repository:{query.path}:pull")
        manifests = as_object(as_object(query.read(response)).get("manifest"))
        for digest, manifest in manifests.items():
            found |= _pushed(digest, manifest)
        following = next_page(query.subject, response.values("Link"), response.url)
        if following is None or not query.missing(found):
            break
        url = following
    return found


def _pushed(digest: str, manifest: object) -> dict[str, Pushed]:
    fields = as_object(manifest)
    milliseconds, tags = fields.get("timeUploadedMs"), fields.get("tag")
    if not isinstance(milliseconds, str | int) or not isinstance(tags, list):
        return {}
    text = str(milliseconds)
    at = as_time(int(text) / 1000) if text.isascii() and text.isdigit() and len(text) < 16 else None
    if at is None:
        return {}
    return {as_tag(tag): Pushed(at, SOURCE, as_digest(digest)) for tag in tags if as_tag(tag)}
