"""Recognises the format of a document and calls the module of that format."""

from __future__ import annotations

from imagebot.manifest.formats import (
    argocd,
    argocd_source,
    chart,
    ci,
    compose,
    fleet,
    flux_object,
    flux_source,
    helm,
    helmfile,
    kubernetes,
    kustomize,
    replacements,
)
from imagebot.manifest.formats.configured import find_extra
from imagebot.manifest.formats.own_configuration import is_configuration
from imagebot.manifest.formats.select import PathKind
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.others import is_of_updatecli, is_others
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence

# Documents in which `image` never names an image to pull.
_SILENT_KINDS = frozenset({"CustomResourceDefinition"})


def find_document(context: DocumentContext, root: Node, kind: PathKind, keys: Keys = ()) -> None:
    """Report the image fields of one document; `kind` is the kind of its file by name."""
    findings = context.findings
    before = len(findings.candidates), len(findings.unread)
    _find_by_shape(context, root, kind, keys)
    if findings.entries and isinstance(root, Mapping | Sequence) and not _is_silent(root):
        extras = find_extra(context, root, keys)
        if extras is not None:
            extras.put_into(findings, *before, flow=root.flow)


def _find_by_shape(context: DocumentContext, root: Node, kind: PathKind, keys: Keys) -> None:
    if not keys and not context.prefix:
        replacements.note_file(context, root)
    if isinstance(root, Sequence):
        kustomize.find_json_patch(context.within(form="kustomize"), root, keys)
        for number, item in enumerate(root):
            if not isinstance(item, Mapping):
                continue
            if kubernetes.is_object(item):
                find_document(context, item, kind, (*keys, number))
            elif kind == "yaml" and not kustomize.is_operation(item):
                helm.find(context.within(form="helm"), item, (*keys, number))
    elif isinstance(root, Mapping):
        if kubernetes.is_object(root):
            if not _is_silent(root):
                _find_by_kind(context, root, kind, keys)
        else:
            _find_plain(context, root, kind, keys)


def _is_silent(root: Node) -> bool:
    return isinstance(root, Mapping) and root.text("kind") in _SILENT_KINDS


def _find_by_kind(context: DocumentContext, root: Mapping, kind: PathKind, keys: Keys) -> None:
    resource = kubernetes.resource_of(root)
    is_core = kubernetes.is_of_core(resource.api_version)
    items = root.sequence("items") if resource.kind.endswith("List") else None
    if items is not None:
        for number, item in enumerate(items):
            find_document(context, item, kind, (*keys, "items", number))
    elif is_core and kind != "chart":
        kubernetes.find(context.within(form="kubernetes", resource=resource), root, keys)
    elif kustomize.is_kustomization(root):
        kustomize.find(context.within(form="kustomize"), root, keys)
    elif kustomize.is_transformer(root):
        kustomize.find_transformer(context.within(form="kustomize"), root, keys)
    elif flux_object.is_flux_object(root):
        flux_object.find(context, root)
    elif is_others(root):
        return
    else:
        context = context.within(form="kubernetes", resource=resource)
        if flux_source.is_source(root):
            flux_source.find(context.within(form="flux"), root, keys)
        elif argocd.is_application(root):
            argocd.find(context.within(form="argocd"), root, keys)
        elif kind == "chart":
            chart.find(context.within(form="chart"), root, keys)
        else:
            kubernetes.find(context, root, keys)


def _find_plain(context: DocumentContext, root: Mapping, kind: PathKind, keys: Keys) -> None:
    """A document that is not a Kubernetes object: its file name or its shape gives the format."""
    if kind == "kustomization":
        kustomize.find(context.within(form="kustomize"), root, keys)
    elif kind == "chart":
        chart.find(context.within(form="chart"), root, keys)
    elif kind == "argocd-source" and not context.prefix:
        argocd_source.find_file(context.within(form="argocd"), root, keys, helm.find)
    elif context.prefix[-1:] == ("templatePatch",):
        argocd.find(context.within(form="argocd"), root, keys)
    elif kind == "gitlab-ci":
        ci.find_gitlab(context.within(form="gitlab-ci"), root, keys)
    elif kind == "github-actions":
        ci.find_github(context.within(form="github-actions"), root, keys)
    elif kind == "circleci":
        ci.find_circle(context.within(form="circleci"), root, keys)
    elif compose.is_compose(root, path=context.findings.path if kind == "compose" else ""):
        compose.find(context.within(form="compose"), root, keys)
    elif is_configuration(context.document_text.text) or is_of_updatecli(root):
        pass
    else:
        helmfile.carry_repositories(context, root)
        if fleet.is_fleet(context.findings.path, root):
            fleet.find(context.within(form="helm"), root, keys)
        if helmfile.is_helmfile(root):
            helmfile.find(context.within(form="helm"), root, keys)
        fleet.find_charts(context.within(form="helm"), root, keys)
        helm.find(context.within(form="helm"), root, keys)
