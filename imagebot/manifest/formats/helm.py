"""Helm values: values files, `spec.values` of a HelmRelease, and values inside other documents."""

from __future__ import annotations

from imagebot.manifest.formats import chart
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import said
from imagebot.manifest.images.others import is_of_keel
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.shapes import find_images
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.tree import Mapping


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    registry = _global_registry(root)
    has_keel = context.document_text.holds("keel")
    has_charts = context.document_text.holds("oci://")

    def visit(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
        if has_keel and is_of_keel(keys):
            return
        find_images(context, mapping, keys, registry=registry)
        if not (has_keel and keys[-1:] == ("keel",) and "images" in mapping):
            find_parts(context, mapping, keys, registry=registry)
        if "hub" in mapping:
            _find_lonely_hub(context, mapping)
        if has_charts:
            chart.find_by_keys(context, mapping, keys)

    walk(context, root, keys, visit)


def _find_lonely_hub(context: DocumentContext, mapping: Mapping) -> None:
    """`{hub, tag}` without a name, as in Istio's charts: they belong to several images."""
    names = ("image", "imageName", "repository", "name")
    if said(mapping, "hub") and said(mapping, "tag") and not any(n in mapping for n in names):
        reason = "which images this tag and `hub` belong to is decided elsewhere"
        context.unread(mapping.scalar("tag"), "no-repository", reason, expected=True)


def _global_registry(root: Mapping) -> str:
    """`global.imageRegistry` or `global.image.registry`, which the chart may give to all images."""
    everywhere = root.mapping("global")
    if everywhere is None:
        return ""
    image = everywhere.mapping("image")
    return everywhere.text("imageRegistry") or (image.text("registry") if image else "")
