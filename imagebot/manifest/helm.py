"""Helm values: values files, `spec.values` of a HelmRelease, and values inside other documents."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys
from imagebot.manifest.parts import find_parts
from imagebot.manifest.shapes import find_images
from imagebot.manifest.tree import Mapping
from imagebot.manifest.walk import walk


def find(found: Found, root: Mapping, keys: Keys) -> None:
    registry = _global_registry(root)

    def visit(found: Found, mapping: Mapping, keys: Keys) -> None:
        find_images(found, mapping, keys, registry=registry)
        find_parts(found, mapping, keys, registry=registry)

    walk(found, root, keys, visit)


def _global_registry(root: Mapping) -> str:
    """`global.imageRegistry` (or `global.image.registry`), which goes before any other one."""
    everywhere = root.mapping("global")
    if everywhere is None:
        return ""
    image = everywhere.mapping("image")
    return everywhere.text("imageRegistry") or (image.text("registry") if image else "")
