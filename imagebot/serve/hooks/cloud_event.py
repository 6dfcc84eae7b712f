"""CloudEvents 1.0 over HTTP, structured or binary.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

from imagebot.serve.hooks.document import at, text
from imagebot.serve.hooks.model import Delivery
from imagebot.values import dataclass

_ATTRIBUTES = ("type", "source", "subject", "id")


@dataclass(frozen=True, slots=True)
class CloudEvent:
    type: str
    source: str
    subject: str
    id: str
    data: object


def cloud_event(delivery: Delivery, document: object) -> CloudEvent | None:
    """The event of a delivery; None when it is not one.

    It is in the body, or its attributes are in headers and the body is its data.
    """
    if text(document, "specversion") and text(document, "type"):
        kind, source, subject, identity = (text(document, name) for name in _ATTRIBUTES)
        return CloudEvent(kind, source, subject, identity, at(document, "data"))
    headers = delivery.headers
    if headers.get("ce-specversion") and headers.get("ce-type"):
        kind, source, subject, identity = (headers.get(f"ce-{name}", "") for name in _ATTRIBUTES)
        return CloudEvent(kind, source, subject, identity, document)
    return None
