"""Helm values: values files, `spec.values` of a HelmRelease, and values inside other documents."""

from __future__ import annotations

from dataclasses import replace

from imagebot.manifest.formats import argocd_releases, argocd_source, chart, chart_images
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.decided import settle_decided
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.merged import is_given, merge
from imagebot.manifest.images.naming import registry_at, said
from imagebot.manifest.images.others import is_of_keel
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.registry_above import settle_registries
from imagebot.manifest.images.shapes import find_images
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping

# Keys of the source of an Application, as charts have them in their values.
_SOURCES = ("helm", "kustomize", "plugin")
_KEEL = "keel"
_OCI = "oci://"
SIGNS = (*_SOURCES, _KEEL, _OCI)
"""What is looked for in the text of all values."""


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    below = context.below_at(keys)
    before = len(context.findings.candidates)
    if below is not None:
        chart_images.find(context, below, root, keys)
        merge(below, root)
        context = replace(context, below=below)
    registry = _global_registry(root)
    if registry is not None and is_given(registry):
        context = replace(context, registry_from=registry.given)
    host = "" if registry is None else registry.value.strip()
    has_keel = context.document_text.holds(_KEEL)
    has_sources = any(context.document_text.holds(sign) for sign in _SOURCES)
    has_charts = context.document_text.holds(_OCI)

    def visit(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
        if has_keel and is_of_keel(keys):
            return
        if has_sources and argocd_source.is_source(mapping):
            argocd_source.find(context, mapping, keys, find)
            argocd_releases.carry_values(context, mapping, keys)
        if argocd_source.is_kustomize(mapping, keys):
            return
        find_images(context, mapping, keys, registry=host)
        if not (has_keel and keys[-1:] == ("keel",) and "images" in mapping):
            find_parts(context, mapping, keys, registry=host)
        if "hub" in mapping:
            _find_lonely_hub(context, mapping)
        if has_charts:
            chart.find_by_keys(context, mapping, keys)

    images, unread = len(context.findings.candidates), len(context.findings.unread)
    walk(context, root, keys, visit)
    if below is not None and below.images:
        chart_images.settle(context, below, root, before, images, unread)
    settle_decided(context, len(context.prefix) + len(keys), images, below)
    settle_registries(context, root, len(context.prefix) + len(keys), images, below)


def _find_lonely_hub(context: DocumentContext, mapping: Mapping) -> None:
    """`{hub, tag}` without a name, as in Istio's charts: they belong to several images."""
    names = ("image", "imageName", "repository", "name")
    if said(mapping, "hub") and said(mapping, "tag") and not any(n in mapping for n in names):
        reason = "which images this tag and `hub` belong to is decided elsewhere"
        context.unread(mapping.scalar("tag"), "no-repository", reason, expected=True)


def _global_registry(root: Mapping) -> Scalar | None:
    """`global.imageRegistry` or `global.image.registry`, which the chart may give to all images."""
    everywhere = root.mapping("global")
    if everywhere is None:
        return None
    image = everywhere.mapping("image")
    for owner, key in ((everywhere, "imageRegistry"), (image, "registry")):
        if owner is not None and (found := registry_at(owner, key)) is not None:
            return found
    return None
