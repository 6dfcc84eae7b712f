"""Joins the layers of Helm values: what each layer is given by those that it is merged with. Pure.

A tag whose repository is in a lower layer (in a higher one if no lower layer has it) becomes a
field when its file is scanned again with what is given to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from imagebot.manifest.helm.stacks import MAX_LAYERS, Place, Stack
from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.manifest.images.layers import Below, Given, LayerValue, Section, ValuePath

# Keys that may hold a version of an image, and keys that name one.
_VERSIONS = ("tag", "Tag", "igest", "ersion", "mage", "sha")
_NAMES = frozenset({"repository", "image", "name", "imageName", "reference"})
_NAME_ENDINGS = ("Repository", "Image", "_image", "-image")
_GLOBALS: tuple[tuple[ValuePath, str], ...] = (
    (("global",), "imageRegistry"),
    (("global", "image"), "registry"),
)
# The values of a mapping by key, and those by the path of the mapping.
_Values: TypeAlias = dict[str, LayerValue]


@dataclass(slots=True)
class _Layer:
    """The values of one section, by the path of their mapping."""

    path: str
    at: dict[ValuePath, _Values] = field(default_factory=dict)

    def hides(self, path: ValuePath) -> bool:
        """Whether a value here takes the place of a whole mapping of lower layers."""
        return any(path[depth] in self.at.get(path[:depth], ()) for depth in range(len(path)))

    def place(self, value: LayerValue) -> str:
        return f"{self.path}:{value.line}"


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a section stands in one stack: `below` and `above` it, the nearest first to win."""

    place: Place
    below: tuple[Place, ...]
    above: tuple[Place, ...]


class Joining:
    """The layers of a tree: `stacks` say which, `values` what they say (scans with `values`)."""

    def __init__(self, stacks: Iterable[Stack], values: Mapping[str, Scan]) -> None:
        self.stacks = tuple(stacks)
        self._layers: dict[tuple[str, Section], _Layer] = {}
        for path, scan in values.items():
            for part in scan.values:
                layer = self._layers[path, part.section] = _Layer(path)
                for value in part.values:
                    layer.at.setdefault(value.path[:-1], {})[value.path[-1]] = value

    def given(self) -> dict[str, tuple[Below, ...]]:
        """What is given to the sections of files, by path; files that get nothing are left out."""
        standings: dict[tuple[str, Section], dict[_Standing, None]] = {}
        absent: dict[tuple[str, Section], str] = {}
        for stack in self.stacks:
            for number, place in enumerate(stack.layers):
                key = place.path, place.section
                standing = _Standing(
                    place, stack.layers[:number][::-1], stack.layers[number + 1 :][::-1]
                )
                every = standings.setdefault(key, {})
                if len(every) <= MAX_LAYERS:
                    every[standing] = None
                if stack.absent:
                    absent.setdefault(key, stack.absent)
        found: dict[str, list[Below]] = {}
        for key, every in standings.items():
            below = self._below(key, every, absent.get(key, ""))
            if below is not None:
                found.setdefault(key[0], []).append(below)
        return {path: tuple(each) for path, each in found.items()}

    def _below(
        self, key: tuple[str, Section], standings: Iterable[_Standing], absent: str
    ) -> Below | None:
        own = self._layers.get(key)
        wanted = own and {path: keys for path, keys in own.at.items() if _may_be_image(keys)}
        if own is None or not wanted:
            return None
        given: dict[ValuePath, Given] = {}
        every = list(standings)
        for standing in every[:MAX_LAYERS]:
            for path, text, where in self._of_standing(own, wanted, standing):
                one = given.setdefault(path, Given(path, text, where))
                if one.text != text and not one.rival:
                    given[path] = replace(one, rival=where)
        if len(every) > MAX_LAYERS:
            more = f"any of more than {MAX_LAYERS} releases"
            given = {path: replace(each, rival=each.rival or more) for path, each in given.items()}
        if not given and not absent:
            return None
        return Below(key[1], tuple(given.values()), absent)

    def _of_standing(
        self, own: _Layer, wanted: Mapping[ValuePath, _Values], standing: _Standing
    ) -> Iterator[tuple[ValuePath, str, str]]:
        for path, keys in wanted.items():
            found = self._merged(standing.below, standing.place.mount, path)
            if not any(_is_name(key) for key in (*keys, *found)):
                above = self._merged(standing.above, standing.place.mount, path)
                if not any(key in above for key in keys):
                    found = {**above, **found}
            for key, (text, where) in found.items():
                if key not in keys and text is not None:
                    yield (*path, key), text, where
        for path, key in _GLOBALS:
            text, where = self._merged(standing.below, standing.place.mount, path).get(
                key, (None, "")
            )
            if text and key not in own.at.get(path, ()):
                yield (*path, key), text, where

    def _merged(
        self, places: Iterable[Place], mount: ValuePath, path: ValuePath
    ) -> dict[str, tuple[str | None, str]]:
        """The values at a mapping of several layers, the first of which wins, and their places."""
        whole = (*mount, *path)
        found: dict[str, tuple[str | None, str]] = {}
        for place in places:
            layer = self._layers.get((place.path, place.section))
            depth = len(place.mount)
            if layer is None or whole[:depth] != place.mount:
                continue
            inside = whole[depth:]
            if layer.hides(inside):
                break
            for key, value in layer.at.get(inside, {}).items():
                found.setdefault(key, (value.text, layer.place(value)))
        return found

    def without_replaced(self, scans: Mapping[str, Scan]) -> dict[str, Scan]:
        """The scans of which fields change that every release overrides with another value: such a
        field is listed instead. Values of charts are defaults, and stay."""
        standings: dict[str, dict[Section, list[_Standing]]] = {}
        for stack in self.stacks:
            for number, place in enumerate(stack.layers):
                if number < stack.own or not stack.released or place.section.parameters:
                    continue
                above = stack.layers[number + 1 :][::-1]
                every = standings.setdefault(place.path, {}).setdefault(place.section, [])
                if len(every) <= MAX_LAYERS:
                    every.append(_Standing(place, (), above))
        changed: dict[str, Scan] = {}
        for path, sections in standings.items():
            scan = scans.get(path)
            if scan is not None and any(
                each.above for every in sections.values() for each in every
            ):
                one = self._without_replaced(scan, sections)
                if one is not scan:
                    changed[path] = one
        return changed

    def _without_replaced(self, scan: Scan, sections: Mapping[Section, list[_Standing]]) -> Scan:
        fields: list[ImageField] = []
        unread = list(scan.unread)
        for each in scan.fields:
            where = self._replaced_by(each, sections)
            if where:
                reason = f"{where} overrides it in every release that merges this file"
                unread.append(Unread(each.path, each.line, "replaced", reason, True))
            else:
                fields.append(each)
        if len(fields) == len(scan.fields):
            return scan
        unread.sort(key=lambda each: each.line)
        return replace(scan, fields=tuple(fields), unread=tuple(unread))

    def _replaced_by(self, each: ImageField, sections: Mapping[Section, list[_Standing]]) -> str:
        """The place of what overrides a field in every release, "" if a release uses it."""
        for section, standings in sections.items():
            depth = len(section.keys)
            if each.document != section.document or each.keys[:depth] != section.keys:
                continue
            path = tuple(str(key) for key in each.keys[depth:])
            own = self._layers.get((each.path, section))
            mine = own.at.get(path[:-1], {}).get(path[-1]) if own is not None and path else None
            if mine is None:
                continue
            others = [self._over(standing, path) for standing in standings]
            if any(text is None or text == mine.text for text, _ in others):
                return ""
            return others[0][1] if others else ""
        return ""

    def _over(self, standing: _Standing, path: ValuePath) -> tuple[str | None, str]:
        found = self._merged(standing.above, standing.place.mount, path[:-1])
        return found.get(path[-1], (None, ""))


def sections_of(stacks: Iterable[Stack]) -> dict[str, tuple[Section, ...]]:
    """Which sections of which files are layers."""
    found: dict[str, dict[Section, None]] = {}
    for stack in stacks:
        for place in stack.layers:
            found.setdefault(place.path, {})[place.section] = None
    return {path: tuple(sections) for path, sections in found.items()}


def _may_be_image(values: _Values) -> bool:
    return any(
        value.text is not None and any(sign in key for sign in _VERSIONS)
        for key, value in values.items()
    )


def _is_name(key: str) -> bool:
    return key in _NAMES or key.endswith(_NAME_ENDINGS)
