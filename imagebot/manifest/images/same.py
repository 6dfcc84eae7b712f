"""Finds the same field again in another state of its file. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.manifest.images.field import ImageField


class FieldIndex:
    """The fields of a file, looked up by where they are."""

    def __init__(self, fields: Iterable[ImageField]) -> None:
        self._by_place: dict[object, list[ImageField]] = {}
        self._by_container: dict[object, list[ImageField]] = {}
        for each in fields:
            self._by_place.setdefault(each.place, []).append(each)
            self._by_container.setdefault(_container(each), []).append(each)

    def same(self, field: ImageField) -> ImageField | None:
        """The field in the same place; else the only one of that object, container and repository.

        Only order tells several in one place apart.
        """
        there = self._by_place.get(field.place, [])
        order = (field.document, field.keys)
        first = next((each for each in there if (each.document, each.keys) == order), None)
        if first or there:
            return first or there[0]
        found = self._by_container.get(_container(field), [])
        return found[0] if len(found) == 1 else None


def same_field(fields: Iterable[ImageField], field: ImageField) -> ImageField | None:
    """As `FieldIndex.same`, for one look."""
    return FieldIndex(fields).same(field)


def _container(field: ImageField) -> object:
    return field.resource, field.container, field.reference.repository
