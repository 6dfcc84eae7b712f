"""Helm values: values files, `spec.values` of a HelmRelease, and values inside other documents."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys
from imagebot.manifest.shapes import find_images
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, is_scalar
from imagebot.manifest.walk import walk


def find(found: Found, root: Mapping, keys: Keys) -> None:
    registry = _global_registry(root)

    def visit(found: Found, mapping: Mapping, keys: Keys) -> None:
        find_images(found, mapping, keys, registry=registry)
        _bare_split(found, mapping, keys, registry)
        if "images" in mapping or "<<" in mapping:
            _listed(found, mapping, keys)

    walk(found, root, keys, visit)


def _global_registry(root: Mapping) -> str:
    """`global.imageRegistry` (or `global.image.registry`), which goes before any other one."""
    everywhere = root.mapping("global")
    if everywhere is None:
        return ""
    image = everywhere.mapping("image")
    return everywhere.text("imageRegistry") or (image.text("registry") if image else "")


def _bare_split(found: Found, mapping: Mapping, keys: Keys, registry: str) -> None:
    """`repository` beside `tag` with no `image:` above, or `imageRepository` beside `imageTag`."""
    if "repository" in mapping or "<<" in mapping:
        _bare_repository(found, mapping, keys, registry)
    for key in mapping:
        if key.endswith("Repository"):
            _named_repository(found, mapping, key, keys, registry)


def _bare_repository(found: Found, mapping: Mapping, keys: Keys, registry: str) -> None:
    if mapping.scalar("repository") is not None:
        has_more = mapping.node("tag") is not None or mapping.node("digest") is not None
        if has_more and "://" not in mapping.text("repository"):
            shape = Split(owner=mapping, registry_host=registry)
            find_split(found, shape, keys, loose=True)


def _named_repository(found: Found, mapping: Mapping, key: str, keys: Keys, registry: str) -> None:
    stem = key.removesuffix("Repository")
    if mapping.scalar(f"{stem}Tag") is not None:
        shape = Split(
            owner=mapping,
            repository=key,
            tag=f"{stem}Tag",
            digest=f"{stem}Digest",
            registry=f"{stem}Registry",
            registry_host=registry,
        )
        find_split(found, shape, keys, loose=True)


def _listed(found: Found, mapping: Mapping, keys: Keys) -> None:
    """`images: [app:1.2, …]`."""
    for number, item in enumerate(mapping.sequence("images") or ()):
        if is_scalar(item):
            found.inline(item, (*keys, "images", number), loose=True)
