"""Joins overlays and what they replace: an image whose every deployment gets another one.

A kustomization's `images:` replace the images of containers in its resources; what includes it,
and what Flux and Argo CD add to it, replace them again. An image that each of these ways replaces
is a placeholder (`controller:latest`), which no registry has to know. Where one way leaves it, the
image is deployed as it is written. An entry with only a `newName` leaves the tag: the image is
then that of the new name, if all ways agree. A patch may replace the image of a container, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeAlias

from imagebot.git.url import same_repository
from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.manifest.images.layers import WHOLE_FILE, Below, Layers, Renamed
from imagebot.manifest.images.overlay import Overlay, Override, Replacement, folder_of
from imagebot.manifest.images.renamed import is_entry, with_name
from imagebot.manifest.images.source_files import with_sources
from imagebot.manifest.overlay_sets import with_instances
from imagebot.manifest.patches import Patches
from imagebot.values import dataclass

# The folders of kustomizations, with the places of their patches.
_Patched: TypeAlias = tuple[tuple[str, str], ...]

_DEEPEST = 60
# How many steps may be taken for one name: trees that include each other in many ways are not read.
_MOST = 10_000
# Two are as good as many: then nothing says which one counts.
_MOST_NAMES = 2


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The scans with what overlays make of their fields, and the new names by path."""

    scans: dict[str, Scan]
    names: Layers = field(default_factory=dict)


def join_overlays(scans: Mapping[str, Scan], url: str | None = None) -> Overlaid:
    """Join the overlays of a tree; `url` is that of its Git repository, None if it is not known.

    A field that is replaced gets the place (`file:line`) that replaces it.
    """
    written = (each for scan in scans.values() for each in scan.overlays)
    overlays = list(with_instances(written, scans, url))
    if url:
        urls = {each.url for each in overlays}
        here = {one for one in urls if not one or same_repository(one, url)}
        overlays = [each for each in overlays if each.url in here]
    if not any(each.images or each.changes or each.replacements for each in overlays):
        return Overlaid(dict(scans))
    tree = _Tree(overlays, Patches(overlays, scans))
    joined: dict[str, Scan] = {}
    names: dict[str, tuple[Below, ...]] = {}
    for path, scan in scans.items():
        joined[path], renamed = _joined(scan, tree)
        if renamed:
            names[path] = (Below(WHOLE_FILE, names=tuple(dict.fromkeys(renamed))),)
    return Overlaid(joined, names)


def _joined(scan: Scan, tree: _Tree) -> tuple[Scan, list[Renamed]]:
    fields: list[ImageField] = []
    unread: list[Unread] = []
    names: list[Renamed] = []
    for each in scan.fields:
        fate = tree.fate(each)
        if fate is None or fate.live == ((each.reference.name, ""),):
            fields.append(each)
        elif not fate.live:
            fields.append(replace(each, replaced=fate.replaced))
        elif len(fate.live) == 1:
            ((to, where),) = fate.live
            names.append(Renamed(each.reference.name, to, where, is_entry(each)))
            fields.append(with_name(each, names[-1]))
        else:
            unread.append(_undecided(each, fate))
    if tuple(fields) == scan.fields:
        return scan, names
    every = sorted((*scan.unread, *unread), key=lambda one: one.line)
    return replace(scan, fields=tuple(fields), unread=tuple(every)), names


def _undecided(each: ImageField, fate: _Fate) -> Unread:
    """What is said of an image that is deployed under several names; a problem if a marker wants
    more."""
    said = [f"{name} ({where})" if where else name for name, where in fate.live]
    reason = f"its tag is deployed as {' and as '.join(said)}: write a newTag in the kustomizations"
    wanted = each.marker is not None and each.marker.kind != "ignore"
    return Unread(each.path, each.line, "ambiguous", reason, not wanted)


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of an image on every way to where it is deployed.

    `replaced` is the first place that replaces it, "" if none does. `live` are the names under
    which its own tag is deployed, with the places that give them ("" for its own name).
    """

    replaced: str = ""
    live: tuple[tuple[str, str], ...] = ()


def _together(fates: Iterable[_Fate]) -> _Fate:
    replaced, live = "", dict[str, str]()
    for fate in fates:
        replaced = replaced or fate.replaced
        for name, where in fate.live:
            live.setdefault(name, where)
    return _Fate(replaced, tuple(live.items())[:_MOST_NAMES])


def _untouched(name: str) -> _Fate:
    return _Fate(live=((name, ""),))


class _Tree:
    """Who includes what. `found` remembers what becomes of a name, by folder, name and `since`.

    The components of a kustomization see its resources and what the components before them made,
    but not its patches. So `since` is the component that an image is from, of which only those
    behind it count, or None for an image in a patch; "" for all others.
    """

    def __init__(self, overlays: Iterable[Overlay], patches: Patches) -> None:
        self.patches = patches
        self.kustomizations: dict[str, Overlay] = {}
        self.including: dict[str, list[Overlay]] = {}
        self.deploying: dict[str, list[Overlay]] = {}
        # What is in files that kustomizations name.
        self.files: dict[str, list[Overlay]] = {}
        self.found: dict[tuple[str, str, str | None, _Patched], _Fate] = {}
        self.steps = 0
        for each in with_sources(overlays):
            if each.by in ("transformer", "replacements"):
                self.files.setdefault(each.folder, []).append(each)
                continue
            if each.by != "kustomization":
                self.deploying.setdefault(each.folder, []).append(each)
                continue
            self.kustomizations[each.folder] = each
            for path in dict.fromkeys((*each.includes, *each.components)):
                self.including.setdefault(path, []).append(each)

    def fate(self, field: ImageField) -> _Fate | None:
        """What becomes of the image of a field, None where no overlay looks."""
        self.steps = 0
        folder, name = folder_of(field.path), field.reference.name
        own = self.kustomizations.get(folder)
        in_own = own is not None and own.path == field.path
        if field.in_container:
            if in_own:
                return self.above(folder, name, 0, None)
            every = self.including.get(field.path, [])
            place = self.written(every, field, 0)
            if place:
                return _Fate(place)
            if every:
                patched = self.patches.of(field)
                return _together(
                    self.above(
                        each.folder, name, 0, None if field.path in each.patches else "", patched
                    )
                    for each in every
                )
            deployers = self.generating(folder)
            return (
                _together(_deployed(each, name, (name,)) for each in deployers)
                if deployers
                else None
            )
        if in_own and field.keys[:1] == ("helmCharts",) and "valuesInline" in field.keys:
            # What a chart makes of it goes through the images of this and of what includes it.
            return self.above(folder, name, 0, "")
        if in_own and is_entry(field):
            return self.beyond(folder, name, (name, field.container or ""), 0)
        return None

    def above(
        self, folder: str, name: str, depth: int, since: str | None, patched: _Patched = ()
    ) -> _Fate:
        """What becomes of `name` on every way from the kustomization in `folder` upwards.

        `patched` are the folders of kustomizations with a patch of the image, and its place.
        """
        key = (folder, name, since, patched)
        if key not in self.found:
            self.steps += 1
            # Until it is known: a kustomization that includes itself replaces nothing.
            self.found[key] = _untouched(name)
            if depth > _DEEPEST or self.steps > _MOST:
                return _untouched(name)
            place, new, where = self.own(folder, name, frozenset(), since, patched)
            self.found[key] = (
                _Fate(place)
                if place
                else _named(self.beyond(folder, new, (new,), depth, patched), where)
            )
        return self.found[key]

    def own(
        self,
        folder: str,
        name: str,
        seen: frozenset[str],
        since: str | None = "",
        patched: _Patched = (),
    ) -> tuple[str, str, str]:
        """Where the kustomization in `folder` itself, or a component of it, replaces `name`; else
        "", with the name that the image has then and the place that gives it."""
        kustomization = self.kustomizations.get(folder)
        self.steps += 1
        if kustomization is None or folder in seen or self.steps > _MOST:
            return "", name, ""
        where = ""
        components = () if since is None else kustomization.components
        if since and since in components:
            components = components[components.index(since) + 1 :]
        for component in components:
            place, name, at = self.own(component, name, seen | {folder}, "", patched)
            where = at or where
            if place:
                return place, name, where
        if since is not None and (place := dict(patched).get(folder, "")):
            return place, name, where
        # Transformers run behind what the kustomization says itself.
        for overlay in (kustomization, *self.transformers(kustomization)):
            for each in overlay.images:
                if each.name != name:
                    continue
                if not each.renamed:
                    return _place(overlay, each), name, where
                name, where = each.renamed, _place(overlay, each)
        return "", name, where

    def transformers(self, kustomization: Overlay) -> Iterator[Overlay]:
        """Those in files, and in the resources of folders, that a kustomization names."""
        for path in kustomization.transformers:
            folder = self.kustomizations.get(path)
            for file in (path,) if folder is None else folder.includes:
                yield from (each for each in self.files.get(file, ()) if each.by == "transformer")

    def written(self, every: Sequence[Overlay], field: ImageField, depth: int) -> str:
        """Where a replacement writes the image of a field on every way upwards, "" if not on all.

        Every way is taken anew for each field, so there is a bound for all of them together.
        """
        first = ""
        for each in every:
            self.steps += 1
            if depth > _DEEPEST or self.steps > _MOST:
                return ""
            place = self.writes(each, field)
            if not place and each.folder not in self.deploying:
                place = self.written(self.including.get(each.folder, ()), field, depth + 1)
            if not place:
                return ""
            first = first or place
        return first

    def writes(self, kustomization: Overlay, field: ImageField) -> str:
        """Where a replacement of a kustomization writes the image of a field, "" if none does."""
        files = [one for path in kustomization.replacing for one in self.files.get(path, ())]
        for overlay in (kustomization, *files):
            for each in overlay.replacements:
                if _is_target(each, field):
                    return f"{overlay.path}:{each.line}"
        return ""

    def beyond(
        self,
        folder: str,
        name: str,
        names: tuple[str, ...],
        depth: int,
        patched: _Patched = (),
    ) -> _Fate:
        """The same for what includes or deploys that kustomization.

        `names` are those that a deployer may give: it replaces entries of the same name.
        """
        fates = [
            self.above(
                each.folder, name, depth + 1, folder if folder in each.components else "", patched
            )
            for each in self.including.get(folder, [])
        ]
        deployers = self.deploying.get(folder, [])
        if not fates and not deployers and folder:
            deployers = self.generating(folder_of(folder))
        fates += [_deployed(each, name, _seen_by(each, names)) for each in deployers]
        return _together(fates) if fates else _untouched(name)

    def generating(self, folder: str) -> list[Overlay]:
        """The Flux Kustomizations whose path is `folder` or above it, with no kustomization in
        between: Flux makes one of all that it finds there."""
        while folder not in self.kustomizations:
            deployers = [each for each in self.deploying.get(folder, []) if each.by == "Flux"]
            if deployers or not folder:
                return deployers
            folder = folder_of(folder)
        return []


def _named(fate: _Fate, where: str) -> _Fate:
    """The fate of an image that has its name from `where`, if nothing above renames it."""
    return replace(fate, live=tuple((name, at or where) for name, at in fate.live))


def _seen_by(deployer: Overlay, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the new and the old name in an entry that a deployer's entry can be about.

    Argo CD sorts its images and those of the kustomization by name (`kustomize edit set image`),
    and each is applied to what the ones before it made. Flux puts its own behind the others.
    """
    new, old = names[0], names[-1]
    return (old,) if deployer.by == "Argo CD" and new < old else names


def _deployed(deployer: Overlay, name: str, names: tuple[str, ...]) -> _Fate:
    found = next((each for each in deployer.images if each.name in names), None)
    if found is None:
        return _untouched(name)
    place = _place(deployer, found)
    return _Fate(live=((found.renamed, place),)) if found.renamed else _Fate(place)


def _place(overlay: Overlay, override: Override) -> str:
    return f"{overlay.path}:{override.line}"


def _is_target(target: Replacement, field: ImageField) -> bool:
    """Whether a replacement writes the image of a field."""
    resource = field.resource
    if resource is None or len(target.keys) != len(field.keys):
        return False
    if target.kind not in ("", resource.kind) or target.name not in ("", resource.name):
        return False
    return all(
        _is_item(written, key, field.container) if isinstance(key, int) else written == key
        for written, key in zip(target.keys, field.keys, strict=True)
    )


def _is_item(written: str, number: int, name: str | None) -> bool:
    return written in ("*", str(number), f"[name={name}]")
