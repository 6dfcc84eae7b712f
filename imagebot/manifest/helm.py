"""Helm values: values files, `spec.values` of a HelmRelease, and values inside other documents."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys, Split
from imagebot.manifest.shapes import find_images
from imagebot.manifest.tree import Mapping, Sequence
from imagebot.manifest.walk import walk


def find(found: Found, root: Mapping, keys: Keys) -> None:
    registry = _global_registry(root)

    def visit(found: Found, mapping: Mapping, keys: Keys) -> None:
        find_images(found, mapping, keys, registry=registry)
        _bare_split(found, mapping, keys, registry)
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
    if mapping.scalar("repository") is not None:
        has_more = mapping.node("tag") is not None or mapping.node("digest") is not None
        if has_more and "://" not in mapping.text("repository"):
            found.split(Split(mapping, registry=registry), keys, loose=True)
        return
    for key in mapping:
        if key.endswith("Repository"):
            tag = f"{key.removesuffix('Repository')}Tag"
            if mapping.scalar(tag) is not None:
                shape = Split(mapping, repository=key, tag=tag, digest="", registry=registry)
                found.split(shape, keys, loose=True)


def _listed(found: Found, mapping: Mapping, keys: Keys) -> None:
    """`images: [app:1.2, …]`."""
    listed = mapping.sequence("images")
    for number, item in enumerate(listed or ()):
        if item is not None and not isinstance(item, Mapping | Sequence):
            found.inline(item, (*keys, "images", number), loose=True)
