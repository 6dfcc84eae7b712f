"""Finds the same field again in another state of its file. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.manifest.images.field import ImageField


def same_field(fields: Sequence[ImageField], field: ImageField) -> ImageField | None:
    """The field at the same place; else the only one of that object, container and repository."""
    for each in fields:
        place = (each.document, each.keys, each.container)
        if place == (field.document, field.keys, field.container):
            return each
    found = [
        each
        for each in fields
        if (each.resource, each.container, each.reference.repository)
        == (field.resource, field.container, field.reference.repository)
    ]
    return found[0] if len(found) == 1 else None
