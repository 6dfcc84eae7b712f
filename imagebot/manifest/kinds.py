"""Tells what a document is and hands it to the module of its format."""

from __future__ import annotations

from imagebot.manifest import flux, helm, kubernetes, kustomize
from imagebot.manifest.found import Found, Keys
from imagebot.manifest.select import PathKind
from imagebot.manifest.tree import Mapping, Node, Sequence

# Documents in which `image` never names an image to pull.
_SILENT_KINDS = frozenset({"CustomResourceDefinition"})


def find_document(found: Found, root: Node, kind: PathKind, keys: Keys = ()) -> None:
    """Report the image fields of one document; `kind` is what its file is by name."""
    if isinstance(root, Sequence):
        for number, item in enumerate(root):
            if isinstance(item, Mapping) and kubernetes.is_object(item):
                find_document(found, item, kind, (*keys, number))
        return
    if not isinstance(root, Mapping):
        return
    if kubernetes.is_object(root):
        _find_object(found, root, kind, keys)
    elif kind == "kustomization":
        kustomize.find(found.within(form="kustomize"), root, keys)
    else:
        helm.find(found.within(form="helm"), root, keys)


def _find_object(found: Found, root: Mapping, kind: PathKind, keys: Keys) -> None:
    if root.text("kind") in _SILENT_KINDS:
        return
    items = root.sequence("items")
    if root.text("kind").endswith("List") and items is not None:
        for number, item in enumerate(items):
            find_document(found, item, kind, (*keys, "items", number))
        return
    if flux.is_flux_object(root):
        flux.find(found, root)
        return
    found = found.within(resource=kubernetes.resource_of(root))
    if kustomize.is_kustomization(root):
        kustomize.find(found.within(form="kustomize"), root, keys)
        return
    kubernetes.find(found, root, keys)
