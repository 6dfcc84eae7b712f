"""Kustomize: `images:` of kustomizations, components and Flux Kustomizations, charts, patches."""

from __future__ import annotations

from imagebot.manifest import chart, helm
from imagebot.manifest.found import Found, Keys
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, Node, Sequence, is_scalar
from imagebot.manifest.walk import walk


def is_kustomization(root: Mapping) -> bool:
    return root.text("apiVersion").startswith("kustomize.config.k8s.io/")


def find(found: Found, root: Mapping, keys: Keys) -> None:
    """A kustomization or a component: images, charts, and the patches written inside it."""
    find_entries(found, root, keys)
    for number, entry in enumerate(root.sequence("helmCharts") or ()):
        if isinstance(entry, Mapping):
            _find_chart(found, entry, (*keys, "helmCharts", number))
    walk(found, root, keys, lambda _found, _mapping, _keys: None)


def find_entries(found: Found, owner: Mapping, keys: Keys) -> None:
    """The entries of `owner.images`; a new name decides which repository is pulled."""
    for number, entry in enumerate(owner.sequence("images") or ()):
        if isinstance(entry, Mapping):
            shape = Split(
                owner=entry,
                repository="newName" if entry.text("newName") else "name",
                tag="newTag",
                digest="digest",
                registry="",
                new_digest="key",
            )
            at = (*keys, "images", number)
            find_split(found, shape, at, container=entry.text("name") or None)


def find_json_patch(found: Found, operations: Sequence, keys: Keys) -> None:
    """`[{op: replace, path: /spec/…/image, value: app:1.2}]`."""
    for number, operation in enumerate(operations):
        if isinstance(operation, Mapping) and operation.text("path").startswith("/"):
            value: Node = operation.node("value")
            if is_scalar(value) and operation.text("path").endswith("/image"):
                found.inline(value, (*keys, number, "value"))


def _find_chart(found: Found, entry: Mapping, keys: Keys) -> None:
    chart.find_versioned(found, entry, entry.text("repo"), entry.text("name"), keys)
    values = entry.mapping("valuesInline")
    if values is not None:
        helm.find(found, values, (*keys, "valuesInline"))
