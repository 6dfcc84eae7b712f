"""Harbor's webhook, in its own form and as CloudEvents.

https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
"""

from __future__ import annotations

from imagebot.serve.hooks.announce import Named, Said, malformed, split_name
from imagebot.serve.hooks.cloud_event import cloud_event
from imagebot.serve.hooks.document import at, items, text
from imagebot.serve.hooks.model import Delivery, Refused

# `pushImage` is that of Harbor 1.
_PUSHES = frozenset({"PUSH_ARTIFACT", "pushImage"})
_PUSH_EVENT = "harbor.artifact.pushed"


def read(delivery: Delivery, document: object) -> Said | Refused:
    """All artifacts of a push. Only CloudEvents have an id."""
    event = cloud_event(delivery, document)
    if event is not None:
        return _pushed(event.data, event.id) if event.type == _PUSH_EVENT else Said(id=event.id)
    if not text(document, "type"):
        return malformed("has no type")
    if text(document, "type") not in _PUSHES:
        return Said()
    return _pushed(at(document, "event_data"), "")


def _pushed(data: object, identity: str) -> Said | Refused:
    namespace, name = (text(data, "repository", key) for key in ("namespace", "name"))
    joined = f"{namespace}/{name}" if namespace and name else name
    path = text(data, "repository", "repo_full_name") or joined
    images = tuple(_resource(each, path) for each in items(data, "resources"))
    if not images and path:
        images = (Named("", path),)
    if not any(image.path for image in images):
        return malformed("has no repository and no resources")
    return Said(images=images, id=identity)


def _resource(resource: object, path: str) -> Named:
    """An artifact. Its `tag` is its digest where it has none."""
    named = split_name(text(resource, "resource_url"))
    return Named(named.host, path or named.path, text(resource, "tag"))
