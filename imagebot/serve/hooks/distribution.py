"""Notifications of CNCF Distribution, the registry of docker-registry, GitLab and many others.

https://distribution.github.io/distribution/about/notifications/
"""

from __future__ import annotations

from imagebot.registry.protocol import ACCEPT_MANIFESTS
from imagebot.serve.hooks.announce import Named, Said, malformed, split_name
from imagebot.serve.hooks.document import at, items, text
from imagebot.serve.hooks.model import Delivery, Refused

_OLD_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
_MANIFESTS = frozenset((*ACCEPT_MANIFESTS.split(", "), *_OLD_MANIFESTS))


def read(_delivery: Delivery, document: object) -> Said | Refused:
    """Every manifest that was pushed; layers are pushed too, and come in the same way."""
    if not isinstance(at(document, "events"), list):
        return malformed("has no events")
    events = items(document, "events")
    pushed = [each for each in events if _is_pushed_manifest(each)]
    images = tuple(_image(each) for each in pushed if text(each, "target", "repository"))
    if pushed and not images:
        return malformed("has no target.repository")
    # An envelope has no id, and its first event may be in another one too.
    return Said(images=images, id=text(events[0], "id") if len(events) == 1 else "")


def _is_pushed_manifest(event: object) -> bool:
    return text(event, "action") == "push" and text(event, "target", "mediaType") in _MANIFESTS


def _image(event: object) -> Named:
    host = text(event, "request", "host") or split_name(text(event, "target", "url")).host
    return Named(host, text(event, "target", "repository"), text(event, "target", "tag"))
