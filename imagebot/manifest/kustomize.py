"""Kustomize `images:` in kustomizations, components, and Flux Kustomizations."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys, Split
from imagebot.manifest.tree import Mapping
from imagebot.manifest.walk import walk


def find(found: Found, root: Mapping, keys: Keys) -> None:
    """A kustomization or a component: its `images`, and patches written inside it."""
    find_entries(found, root, keys)
    walk(found, root, keys, lambda _found, _mapping, _keys: None)


def find_entries(found: Found, owner: Mapping, keys: Keys) -> None:
    """The entries of `owner.images`; a new name decides which repository is pulled."""
    images = owner.sequence("images")
    if images is None:
        return
    for number, entry in enumerate(images):
        if isinstance(entry, Mapping):
            name = "newName" if entry.text("newName") else "name"
            shape = Split(
                entry, repository=name, tag="newTag", digest="digest", registry_key="", insert="key"
            )
            found.split(shape, (*keys, "images", number), container=entry.text("name") or None)


def is_kustomization(root: Mapping) -> bool:
    version = root.text("apiVersion")
    return version.startswith("kustomize.config.k8s.io/")
