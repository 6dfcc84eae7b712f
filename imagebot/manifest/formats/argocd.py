"""Argo CD Applications and ApplicationSets: Helm and Kustomize settings, charts in registries,
and the values of generators."""

from __future__ import annotations

from imagebot.manifest.formats import (
    argocd_filled_in,
    argocd_generators,
    argocd_releases,
    argocd_source,
    chart,
    chart_images,
    helm,
    kubernetes,
)
from imagebot.manifest.images.bindings import Binding
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.overlay import Overlay, in_tree
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.tree import Mapping, build

_KINDS = frozenset({"Application", "ApplicationSet"})
# Argo CD writes a sync that is asked for to `operation`.
_SKIPPED = kubernetes.SKIPPED | {"operation"}


def is_application(root: Mapping) -> bool:
    return root.text("apiVersion").startswith("argoproj.io/") and root.text("kind") in _KINDS


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    _find_template_patch(context, root)
    argocd_releases.carry(context, root, keys)
    is_set = root.text("kind") == "ApplicationSet"
    before = len(context.findings.candidates)
    if is_set:
        argocd_generators.carry(context, root, keys)
    explained = argocd_generators.find_images(context, root, keys) if is_set else []
    images, unread = len(context.findings.candidates), len(context.findings.unread)
    in_generator = kubernetes.visitor(context)
    bindings = argocd_releases.bindings_of(root.mapping("spec") or Mapping()) if is_set else None

    def visit(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
        if "generators" in keys and "template" not in keys:
            in_generator(context, mapping, keys)
        if _is_source(keys):
            _find_chart(context, mapping, keys)
            argocd_source.find(context, mapping, keys, helm.find)
            _note_overlay(context, mapping, bindings)

    walk(context, root, keys, visit, skip=_SKIPPED)
    if explained:
        chart_images.drop_explained(context, before, images, unread)
    if is_set:
        argocd_generators.list_nameless(context, root, keys, before)
        argocd_filled_in.list_tags(context, root)
    for below, values in explained:
        chart_images.list_rivals(context, below, values, before)


def _is_source(keys: Keys) -> bool:
    return bool(keys) and (keys[-1] == "source" or (len(keys) > 1 and keys[-2] == "sources"))


def _note_overlay(
    context: DocumentContext, source: Mapping, bindings: tuple[Binding, ...] | None
) -> None:
    """`bindings` are those of an ApplicationSet, None for an Application."""
    path, owner = context.findings.path, context.resource
    # The name of an ApplicationSet is not that of its Applications.
    name = owner.name if owner is not None and bindings is None else ""
    written = source.text("path")
    is_template = bindings is not None and "{{" in written
    for folder in [written] if is_template else in_tree("", [written]):
        overlay = Overlay(
            "Argo CD",
            path,
            folder,
            images=argocd_source.overrides(context, source),
            url=source.text("repoURL").strip(),
            name=name,
            bindings=bindings or (),
        )
        context.findings.overlays.append(overlay)


def _find_chart(context: DocumentContext, source: Mapping, keys: Keys) -> None:
    """Helm charts in registries are named without a scheme; `oci://` names any artifact."""
    url, name = source.text("repoURL"), source.text("chart")
    if "{{" in url or not url:
        return
    if name and "://" not in url:
        url = f"oci://{url}"
    if url.startswith("oci://") and not name:
        chart.find_artifact(context, source, url, keys, version="targetRevision")
    else:
        chart.find_versioned(context, source, url, name, keys, version="targetRevision")


def _find_template_patch(context: DocumentContext, root: Mapping) -> None:
    """Say where `templatePatch` cannot be read; where it can, it is read as an Application."""
    spec = root.mapping("spec")
    patch = spec.scalar("templatePatch") if spec is not None else None
    if patch is None or "image" not in patch.value:
        return
    if patch.style != "|":
        context.unread(patch, "embedded", "a patch is only read from a literal block (`|`)")
    elif "{{" in patch.value:
        try:
            build(patch.value)
        except YamlFaultError:
            context.unread(patch, "template", "a template, not YAML", expected=True)
