"""The kustomizations that the template of an ApplicationSet deploys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from imagebot.manifest.helm.instances import normal, values_for
from imagebot.manifest.helm.tree import Tree, filled, placeholders
from imagebot.manifest.images.overlay import Overlay, Override, in_tree

# So many Applications of one template are looked at.
_MOST = 500


def with_instances(
    overlays: Iterable[Overlay], paths: Iterable[str], url: str | None
) -> Iterator[Overlay]:
    """The overlays, and for one with placeholders those that it stands for.

    Placeholders of which nothing is known are what makes the folder one with a kustomization, if
    the template says at least the name of one folder.
    `paths` are those of the tree, `url` is that of its Git repository, None if it is not known.
    """
    every = list(overlays)
    if not any(_is_template(each) for each in every):
        yield from every
        return
    tree = Tree(paths)
    folders = sorted({each.folder for each in every if each.by == "kustomization"})
    for each in every:
        if not _is_template(each):
            yield each
            continue
        found: dict[Overlay, None] = {}
        for one in islice(_instances(each, tree, folders, url or ""), _MOST):
            found[one] = None
        yield from found


def _is_template(overlay: Overlay) -> bool:
    texts = (overlay.url, *(each.name for each in overlay.images))
    return "{{" in overlay.folder or (
        bool(overlay.bindings) and any("{{" in text for text in texts)
    )


def _instances(overlay: Overlay, tree: Tree, folders: list[str], url: str) -> Iterator[Overlay]:
    texts = [overlay.folder, overlay.url]
    texts += [text for each in overlay.images for text in (each.name, each.renamed)]
    for values in values_for(texts, overlay.bindings, tree, url):
        known = _filled(overlay, values)
        text = normal(known.folder)
        if not placeholders(text):
            yield from (replace(known, folder=folder) for folder in in_tree("", [text]))
            continue
        if all("{{" in part for part in text.split("/")):
            continue
        for told in tree.fitting(text, folders, _MOST):
            yield replace(_filled(known, told), folder=filled(text, told))


def _filled(overlay: Overlay, values: dict[str, str]) -> Overlay:
    images = tuple(
        Override(filled(each.name, values), each.line, filled(each.renamed, values))
        for each in overlay.images
    )
    return replace(
        overlay,
        folder=filled(overlay.folder, values),
        url=filled(overlay.url, values),
        images=images,
        bindings=(),
    )
