"""The values of many layers, merged: by path, from the one that wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from imagebot.manifest.helm.stacks import Place
from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.layers import LayerValue, Section, ValuePath
from imagebot.values import dataclass

# The values of a mapping by key, and those by the path of the mapping.
Values: TypeAlias = dict[str, LayerValue]


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the layer that wins; `text` is None where that hides what is below. `empty` as in
    `LayerValue`."""

    text: str | None
    place: Place
    line: int
    empty: bool = False

    @property
    def where(self) -> str:
        return f"{self.place.path}:{self.line}"


@dataclass(slots=True)
class Layer:
    """The values of one section. `owners` are the paths of all its mappings."""

    at: dict[ValuePath, Values] = field(default_factory=dict)
    owners: dict[ValuePath, dict[str, None]] = field(default_factory=dict)

    def add(self, value: LayerValue) -> None:
        self.at.setdefault(value.path[:-1], {})[value.path[-1]] = value
        for depth in range(len(value.path) - 1, -1, -1):
            keys = self.owners.setdefault(value.path[:depth], {})
            if value.path[depth] in keys:
                break
            keys[value.path[depth]] = None

    def hides(self, path: ValuePath) -> bool:
        """Whether a value here takes the place of a whole mapping of lower layers."""
        return any(path[depth] in self.at.get(path[:depth], ()) for depth in range(len(path)))


class MergedValues:
    """What the layers of a tree say, by their places (scans with `values`)."""

    def __init__(self, scans: Mapping[str, Scan]) -> None:
        self._layers: dict[tuple[str, Section], Layer] = {}
        for path, scan in scans.items():
            for part in scan.values:
                layer = self._layers[path, part.section] = Layer()
                for value in part.values:
                    layer.add(value)

    def of(self, path: str, section: Section) -> Layer | None:
        return self._layers.get((path, section))

    def mapping(self, places: Iterable[Place], path: ValuePath) -> dict[str, Found]:
        """The values at a mapping of several layers, of which the first wins."""
        found: dict[str, Found] = {}
        for place, layer, inside in self._at(places, path):
            for key, value in layer.at.get(inside, {}).items():
                found.setdefault(key, Found(value.text, place, value.line, value.empty))
        return found

    def keys(self, places: Iterable[Place], path: ValuePath) -> dict[str, None]:
        """The keys of a mapping of several layers, also those of mappings in it."""
        found: dict[str, None] = {}
        for _, layer, inside in self._at(places, path):
            found.update(layer.owners.get(inside, {}))
        return found

    def _at(
        self, places: Iterable[Place], path: ValuePath
    ) -> Iterator[tuple[Place, Layer, ValuePath]]:
        seen = False
        for place in places:
            layer = self._layers.get((place.path, place.section))
            depth = len(place.mount)
            if layer is None or path[:depth] != place.mount:
                continue
            inside = path[depth:]
            if layer.hides(inside):
                # Items of a list are not merged with those of other lists, or with a mapping.
                if inside in layer.owners and not seen:
                    yield place, layer, inside
                return
            seen = seen or inside in layer.owners
            yield place, layer, inside
