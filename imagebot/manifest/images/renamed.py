"""Names that kustomizations in other files give to the images of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.field import ImageField, Scan
from imagebot.manifest.images.layers import Below, Renamed
from imagebot.reference import parse_repository


def is_entry(field: ImageField) -> bool:
    """Whether it is an entry of a kustomization's `images:`."""
    return field.format == "kustomize" and "images" in field.keys[-3:-2]


def with_name(field: ImageField, renamed: Renamed) -> ImageField:
    """The field about the repository that is pulled; itself where the new name is not valid."""
    try:
        repository = parse_repository(renamed.to)
    except InvalidReferenceError:
        return field
    reference = replace(field.reference, repository=repository, name=renamed.to)
    return replace(field, reference=reference, repository_from=renamed.where)


def with_names(scan: Scan, below: Iterable[Below]) -> Scan:
    """The scan of a file with the names that others give."""
    names = {(each.name, each.entry): each for one in below for each in one.names}
    if not names:
        return scan
    fields = []
    for field in scan.fields:
        found = names.get((field.reference.name, is_entry(field)))
        fits = found is not None and (found.entry or field.in_container)
        fields.append(with_name(field, found) if found is not None and fits else field)
    return replace(scan, fields=tuple(fields))
