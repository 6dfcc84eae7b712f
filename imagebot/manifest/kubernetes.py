"""Kubernetes objects: pod templates wherever they are, image volumes, and any `image:` at all."""

from __future__ import annotations

from imagebot.manifest.extra import find_extra
from imagebot.manifest.field import Resource
from imagebot.manifest.found import Found, Keys
from imagebot.manifest.shapes import find_images
from imagebot.manifest.tree import Mapping
from imagebot.manifest.walk import walk

# Never what a user wrote, or a schema in which `image` is the name of a property.
SKIPPED = frozenset({"status", "managedFields", "openAPIV3Schema", "annotations", "labels"})


def is_object(root: Mapping) -> bool:
    return "apiVersion" in root and "kind" in root


def resource_of(root: Mapping) -> Resource:
    metadata = root.mapping("metadata")
    return Resource(
        root.text("apiVersion"),
        root.text("kind"),
        metadata.text("namespace") if metadata else "",
        (metadata.text("name") or metadata.text("generateName")) if metadata else "",
    )


def find(found: Found, root: Mapping, keys: Keys) -> None:
    find_extra(found, root, keys)
    walk(found, root, keys, find_images, skip=SKIPPED)
