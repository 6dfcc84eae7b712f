"""Azure Container Registry: its own webhook, and its events by way of Event Grid.

https://learn.microsoft.com/en-us/azure/container-registry/container-registry-webhook-reference
https://learn.microsoft.com/en-us/azure/event-grid/event-schema-container-registry
"""

from __future__ import annotations

import json

from imagebot.serve.hooks.announce import Named, Said, malformed
from imagebot.serve.hooks.cloud_event import cloud_event
from imagebot.serve.hooks.document import at, text
from imagebot.serve.hooks.model import Delivery, Refused

_PUSHES = frozenset({"push", "chart_push"})
_PUSH_EVENTS = frozenset(
    {"Microsoft.ContainerRegistry.ImagePushed", "Microsoft.ContainerRegistry.ChartPushed"}
)
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
# A chart of Helm 2's kind, whose file name is where a tag is otherwise. OCI charts have tags.
_OLD_CHART = "application/vnd.acr.helm.chart"


def read(delivery: Delivery, document: object) -> Said | Refused:
    """The webhook has one push; Event Grid sends an array, or CloudEvents one at a time."""
    if isinstance(document, list):
        return _grid(document)
    if event := cloud_event(delivery, document):
        images = _images(event.type, event.data)
        if None in images:
            return malformed("has no target.repository")
        return Said(images=tuple(filter(None, images)), id=event.id)
    action = text(document, "action")
    if not action:
        return malformed("has no action")
    if action not in _PUSHES:
        return Said(id=text(document, "id"))
    image = _image(document)
    if image is None:
        return malformed("has no target.repository")
    return Said(images=(image,), id=text(document, "id"))


def _grid(events: list[object]) -> Said | Refused:
    kinds = [text(event, "eventType") or text(event, "type") for event in events]
    if not all(kinds):
        return malformed("has an event without a type")
    identity = text(events[0], "id") if len(events) == 1 else ""
    if _VALIDATION in kinds:
        code = text(events[kinds.index(_VALIDATION)], "data", "validationCode")
        return Said(id=identity, answer=json.dumps({"validationResponse": code}))
    pairs = zip(kinds, events, strict=True)
    images = [image for kind, event in pairs for image in _images(kind, at(event, "data"))]
    named = tuple(filter(None, images))
    if images and not named:
        return malformed("has no target.repository")
    return Said(images=named, id=identity)


def _images(kind: str, data: object) -> list[Named | None]:
    return [_image(data)] if kind in _PUSH_EVENTS else []


def _image(data: object) -> Named | None:
    path = text(data, "target", "repository")
    if not path:
        return None
    old = text(data, "target", "mediaType") == _OLD_CHART
    return Named(text(data, "request", "host"), path, "" if old else text(data, "target", "tag"))
