"""Joins overlays and what they replace: an image whose every deployment gets another one.

A kustomization's `images:` replace the images of containers in its resources; what includes it,
and what Flux and Argo CD add to it, replace them again. An image that each of these ways replaces
is a placeholder (`controller:latest`), which no registry has to know. Where one way leaves it, the
image is deployed as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from imagebot.manifest.images.field import ImageField, Scan
from imagebot.manifest.images.overlay import Overlay, folder_of

_DEEPEST = 60
# How many steps may be taken for one name: trees that include each other in many ways are not read.
_MOST = 10_000


def join_overlays(scans: Mapping[str, Scan]) -> dict[str, Scan]:
    """The scans, with the place that replaces it (`file:line`) in each field that is replaced."""
    overlays = [each for scan in scans.values() for each in scan.overlays]
    if not any(each.images for each in overlays):
        return dict(scans)
    tree = _Tree(overlays)
    return {path: _with_replaced(scan, tree) for path, scan in scans.items()}


def _with_replaced(scan: Scan, tree: _Tree) -> Scan:
    fields = tuple(
        replace(field, replaced=place) if (place := tree.place(field)) else field
        for field in scan.fields
    )
    return scan if fields == scan.fields else replace(scan, fields=fields)


class _Tree:
    """Who includes what. `found` remembers what replaces a name, by folder, name and `since`.

    The components of a kustomization see its resources and what the components before them made,
    but not its patches. So `since` is the component that an image is from, of which only those
    behind it count, or None for an image in a patch; "" for all others.
    """

    def __init__(self, overlays: Iterable[Overlay]) -> None:
        self.kustomizations: dict[str, Overlay] = {}
        self.including: dict[str, list[Overlay]] = {}
        self.deploying: dict[str, list[Overlay]] = {}
        self.found: dict[tuple[str, str, str | None], str] = {}
        self.steps = 0
        for each in overlays:
            if each.by != "kustomization":
                self.deploying.setdefault(each.folder, []).append(each)
                continue
            self.kustomizations[each.folder] = each
            for path in dict.fromkeys((*each.includes, *each.components)):
                self.including.setdefault(path, []).append(each)

    def place(self, field: ImageField) -> str:
        """Where the image of a field is replaced, "" if it is deployed as it is written."""
        self.steps = 0
        folder = folder_of(field.path)
        own = self.kustomizations.get(folder)
        if field.in_container:
            name = field.reference.name
            if own is not None and own.path == field.path:
                return self.above(folder, name, 0, None)
            every = self.including.get(field.path, [])
            if every:
                places = [
                    self.above(each.folder, name, 0, None if field.path in each.patches else "")
                    for each in every
                ]
                return places[0] if all(places) else ""
            return self.by_deployers(self.generating(folder), (field.reference.name,))
        if own is not None and own.path == field.path and "images" in field.keys[-3:-2]:
            names = (field.reference.name, field.container or "")
            return self.beyond(folder, field.reference.name, names, 0)
        return ""

    def above(self, folder: str, name: str, depth: int, since: str | None) -> str:
        """Where `name` is replaced on every way from the kustomization in `folder` upwards."""
        key = (folder, name, since)
        if key not in self.found:
            self.steps += 1
            # Until it is known: a kustomization that includes itself replaces nothing.
            self.found[key] = ""
            if depth > _DEEPEST or self.steps > _MOST:
                return ""
            place = self.own(folder, name, frozenset(), since)
            self.found[key] = place or self.beyond(folder, name, (name,), depth)
        return self.found[key]

    def own(self, folder: str, name: str, seen: frozenset[str], since: str | None = "") -> str:
        """Where the kustomization in `folder` itself, or a component of it, replaces `name`."""
        kustomization = self.kustomizations.get(folder)
        if kustomization is None or folder in seen:
            return ""
        if place := _place(kustomization, (name,)):
            return place
        components = () if since is None else kustomization.components
        if since and since in components:
            components = components[components.index(since) + 1 :]
        below = (self.own(each, name, seen | {folder}) for each in components)
        return next((place for place in below if place), "")

    def beyond(self, folder: str, name: str, names: tuple[str, ...], depth: int) -> str:
        """The same for what includes or deploys that kustomization.

        `names` are those that a deployer may give: it replaces entries of the same name.
        """
        places = [
            self.above(each.folder, name, depth + 1, folder if folder in each.components else "")
            for each in self.including.get(folder, [])
        ]
        deployers = self.deploying.get(folder, [])
        if not places and not deployers and folder:
            deployers = self.generating(folder_of(folder))
        places += [_place(each, _seen_by(each, names)) for each in deployers]
        return places[0] if places and all(places) else ""

    def generating(self, folder: str) -> list[Overlay]:
        """The Flux Kustomizations whose path is `folder` or above it, with no kustomization in
        between: Flux makes one of all that it finds there."""
        while folder not in self.kustomizations:
            deployers = [each for each in self.deploying.get(folder, []) if each.by == "Flux"]
            if deployers or not folder:
                return deployers
            folder = folder_of(folder)
        return []

    def by_deployers(self, deployers: list[Overlay], names: tuple[str, ...]) -> str:
        places = [_place(each, names) for each in deployers]
        return places[0] if places and all(places) else ""


def _seen_by(deployer: Overlay, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the new and the old name in an entry that a deployer's entry can be about.

    Argo CD sorts its images and those of the kustomization by name (`kustomize edit set image`),
    and each is applied to what the ones before it made. Flux puts its own behind the others.
    """
    new, old = names[0], names[-1]
    return (old,) if deployer.by == "Argo CD" and new < old else names


def _place(overlay: Overlay, names: tuple[str, ...]) -> str:
    found = next((each for each in overlay.images if each.name in names), None)
    return "" if found is None else f"{overlay.path}:{found.line}"
