"""Flux sources and their users: OCI artifacts, charts, values, images of Kustomizations."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from imagebot.manifest.formats import helm, kubernetes
from imagebot.manifest.formats.chart import find_version, find_versioned
from imagebot.manifest.formats.flux_object import carried_object
from imagebot.manifest.formats.helm_release import carry_flux
from imagebot.manifest.formats.kustomize import find_entries, overrides
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys, RepositoryLink
from imagebot.manifest.images.overlay import Overlay, Override, in_tree
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.images.walk import walk
from imagebot.manifest.yaml.tree import Mapping

_GROUPS = (
    "source.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
)


def is_source(root: Mapping) -> bool:
    return root.text("apiVersion").startswith(_GROUPS)


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    spec = root.mapping("spec")
    if spec is not None:
        _find_by_kind(context, root, spec, (*keys, "spec"))
    walk(context, root, keys, lambda _context, _mapping, _keys: None, skip=kubernetes.SKIPPED)


def _find_by_kind(context: DocumentContext, root: Mapping, spec: Mapping, at: Keys) -> None:
    kind = root.text("kind")
    if kind == "OCIRepository":
        _find_artifact(context, spec, at)
    elif kind == "HelmRepository":
        _carry_repository(context, root, spec, "HelmRepository")
    elif kind == "GitRepository":
        _carry_repository(context, root, spec, "GitRepository")
    elif kind == "HelmChart":
        _find_chart(context, spec, at)
    elif kind == "HelmRelease":
        _find_release(context, root, spec, at)
    elif kind == "Kustomization":
        find_entries(context, spec, at)
        _note_overlay(context, spec)
        _find_substitutes(context, spec, at)


def _find_artifact(context: DocumentContext, spec: Mapping, keys: Keys) -> None:
    url = spec.text("url")
    reference = spec.mapping("ref")
    if not url.startswith("oci://"):
        return
    if reference is None:
        reason = "it has no `ref`: Flux takes the tag `latest`"
        context.unread(spec.scalar("url"), "no-tag", reason, expected=True)
        return
    if (semver := reference.scalar("semver")) is not None:
        reason = f"{semver.value[:80]!r} is a range, which Flux follows"
        context.unread(semver, "range", reason, expected=True)
        return
    shape = Split(
        owner=reference,
        name=url.removeprefix("oci://"),
        tag="tag",
        digest="digest",
        registry="",
        new_digest="key",
    )
    find_split(context, shape, (*keys, "ref"))


def _carry_repository(
    context: DocumentContext,
    root: Mapping,
    spec: Mapping,
    kind: Literal["HelmRepository", "GitRepository"],
) -> None:
    if spec.text("url"):
        carried = replace(carried_object(context, root, kind), url=spec.text("url"))
        context.findings.objects.append(carried)


def _find_release(context: DocumentContext, root: Mapping, spec: Mapping, keys: Keys) -> None:
    chart = spec.mapping("chart")
    template = chart.mapping("spec") if chart is not None else None
    if template is not None:
        _find_chart(context, template, (*keys, "chart", "spec"))
    values = spec.mapping("values")
    if values is not None:
        helm.find(context.within(form="helm"), values, (*keys, "values"))
    images: tuple[Override, ...] = ()
    for number, renderer in enumerate(spec.sequence("postRenderers") or ()):
        settings = renderer.mapping("kustomize") if isinstance(renderer, Mapping) else None
        if settings is not None:
            find_entries(context, settings, (*keys, "postRenderers", number, "kustomize"))
            images += overrides(context, settings)
    carry_flux(context, root, spec, keys, images)


def _note_overlay(context: DocumentContext, spec: Mapping) -> None:
    source = spec.mapping("sourceRef")
    if source is not None and source.text("kind") not in ("GitRepository", ""):
        return
    path = context.findings.path
    for folder in in_tree("", [spec.text("path") or "."]):
        overlay = Overlay("Flux", path, folder, images=overrides(context, spec))
        context.findings.overlays.append(overlay)


def _find_substitutes(context: DocumentContext, spec: Mapping, keys: Keys) -> None:
    """Images among the values that Flux substitutes for variables."""
    settings = spec.mapping("postBuild")
    substitutes = settings.mapping("substitute") if settings is not None else None
    if substitutes is not None:
        visit = kubernetes.visitor(context)
        visit(context, substitutes, (*keys, "postBuild", "substitute"))


def _find_chart(context: DocumentContext, spec: Mapping, keys: Keys) -> None:
    """A chart whose HelmRepository may be in another file, so it is not yet known to be OCI."""
    source = spec.mapping("sourceRef")
    name = spec.text("chart")
    if name.startswith("oci://"):
        head, _, last = name.rstrip("/").rpartition("/")
        find_versioned(context, spec, head, last, keys)
        return
    if source is None or source.text("kind") != "HelmRepository" or not name:
        return
    if spec.scalar("version") is None:
        return
    namespace = source.text("namespace") or (context.resource.namespace if context.resource else "")
    link = RepositoryLink("HelmRepository", f"{namespace}:{source.text('name')}", name)
    find_version(context, spec, name, keys, chart=name, link=link)
