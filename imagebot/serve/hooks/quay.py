"""The webhook of quay.io, and of one's own Quay.

https://docs.quay.io/guides/notifications.html
"""

from __future__ import annotations

from imagebot.serve.hooks.announce import Named, Said, malformed, split_name
from imagebot.serve.hooks.document import at, items, text
from imagebot.serve.hooks.model import Delivery, Refused


def read(_delivery: Delivery, document: object) -> Said | Refused:
    """A push names all its tags. It has no id.

    The host is that of `docker_url` and nothing else: without it, the sender may be any Quay.
    """
    named = split_name(text(document, "docker_url"))
    path = text(document, "repository") or named.path
    if not path:
        return malformed("has no repository")
    updated = at(document, "updated_tags")
    if updated is None:
        # A build, or a vulnerability: Quay tells the events apart by nothing but what they have.
        return Said()
    # Older releases have an object with the tags as its keys.
    tags = list(updated) if isinstance(updated, dict) else items(updated)
    named_tags = [tag for tag in tags if isinstance(tag, str)] or [""]
    return Said(images=tuple(Named(named.host, path, tag) for tag in named_tags))
