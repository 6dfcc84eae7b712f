"""The images of Kustomize in `.argocd-source` files, which replace those of Applications. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imagebot.manifest.images.overlay import Overlay


def with_sources(overlays: Iterable[Overlay]) -> Iterator[Overlay]:
    """The overlays, of which Applications have the images of the files in their folder.

    A file for an Application that is not in the tree deploys its folder itself.
    """
    every = list(overlays)
    sources: dict[str, dict[str, Overlay]] = {}
    for each in every:
        if each.by == "argocd-source":
            sources.setdefault(each.folder, {})[each.name] = each
    used: set[tuple[str, str]] = set()
    for each in every:
        if each.by == "argocd-source":
            continue
        known = sources.get(each.folder, {}) if each.by == "Argo CD" else {}
        # Of both files, that of the Application counts.
        source = known.get(each.name) or known.get("")
        if source is None:
            yield each
        else:
            used.update({(each.folder, source.name), (each.folder, "")})
            yield replace(each, images=source.images, path=source.path)
    for folder, known in sources.items():
        for name, source in known.items():
            if (folder, name) not in used:
                yield replace(source, by="Argo CD")
