"""imagebot's own body, for those who write what they send: a CI job, a script, a relay."""

from __future__ import annotations

from imagebot.errors import InvalidReferenceError
from imagebot.reference import parse_reference
from imagebot.serve.hooks.announce import MOST, Named, Said, malformed, too_many
from imagebot.serve.hooks.document import at, items, text
from imagebot.serve.hooks.model import Delivery, Refused

_KEYS = ("image", "repository", "images")


def read(delivery: Delivery, document: object) -> Said | Refused:
    """`{"image": REFERENCE}`, `{"repository": NAME, "tag": TAG}` or `{"images": [...]}` of either.

    Standard Webhooks have it in `data`, beside a `type`; a type without images is another event.
    """
    identity = delivery.headers.get("webhook-id", "")
    body = document
    if not _speaks(document) and _speaks(at(document, "data")):
        body = at(document, "data")
    if not _speaks(body):
        other = text(document, "type")
        return Said(id=identity) if other else malformed(f"has none of {', '.join(_KEYS)}")
    given = items(body, "images") if at(body, "images") is not None else [body]
    if len(given) > MOST:
        return too_many()
    images = tuple(named for each in given if (named := _named(each)))
    if not images:
        return malformed('names no image: "image" is a reference such as ghcr.io/acme/app:1.2')
    return Said(images=images, id=identity)


def _speaks(value: object) -> bool:
    return any(at(value, key) is not None for key in _KEYS)


def _named(value: object) -> Named | None:
    given = value if isinstance(value, str) else at(value, "image")
    name = given if isinstance(given, str) else text(value, "repository")
    try:
        reference = parse_reference(name)
    except InvalidReferenceError:
        return None
    repository = reference.repository
    path = repository.path
    if not reference.name.endswith(path):
        # Docker Hub's `library/` is only there; a registry of the hook may take its place.
        path = reference.name.rpartition("/")[2]
    return Named(repository.registry, path, reference.tag or text(value, "tag"))
