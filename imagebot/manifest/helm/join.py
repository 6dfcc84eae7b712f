"""Joins the layers of Helm values: what each layer is given by those that it is merged with. Pure.

A tag whose repository is in a lower layer (in a higher one if no lower layer has it) becomes a
field when its file is scanned again with what is given to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from imagebot.manifest.helm.above import (
    below_registry,
    is_name,
    may_be_version,
    other_names,
    renamed,
)
from imagebot.manifest.helm.images import ChartTemplates, doubts_at, images_of
from imagebot.manifest.helm.merged_values import Found, Layer, MergedValues, Values
from imagebot.manifest.helm.stacks import MAX_LAYERS, Place, Stack
from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.manifest.images.layers import Below, Decided, Given, GivenImage, Section, ValuePath
from imagebot.manifest.images.registry_above import is_registry_key
from imagebot.values import dataclass

_GLOBALS: tuple[tuple[ValuePath, str], ...] = (
    (("global",), "imageRegistry"),
    (("global", "image"), "registry"),
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a section stands in one stack: what is `below` and `above` it, the highest first, and
    the folders of the charts with their mounts. `released`: nothing is deployed of it otherwise."""

    place: Place
    below: tuple[Place, ...]
    above: tuple[Place, ...]
    charts: tuple[tuple[str, ValuePath], ...] = ()
    released: bool = False


class Joining:
    """The layers of a tree: `stacks` say which, `values` what they say (scans with `values`)."""

    def __init__(
        self,
        stacks: Iterable[Stack],
        values: Mapping[str, Scan],
        charts: Mapping[str, ChartTemplates],
    ) -> None:
        self.stacks = tuple(stacks)
        self.charts = charts
        self.values = MergedValues(values)

    def given(self) -> dict[str, tuple[Below, ...]]:
        """What is given to the sections of files, by path; files that get nothing are left out."""
        standings: dict[tuple[str, Section], dict[_Standing, None]] = {}
        absent: dict[tuple[str, Section], str] = {}
        for stack in self.stacks:
            for number, place in enumerate(stack.layers):
                key = place.path, place.section
                below, above = stack.layers[:number][::-1], stack.layers[number + 1 :][::-1]
                released = stack.released and number >= stack.own
                standing = _Standing(place, below, above, stack.charts, released)
                every = standings.setdefault(key, {})
                if len(every) <= MAX_LAYERS:
                    every[standing] = None
                if stack.absent:
                    absent.setdefault(key, stack.absent)
        found: dict[str, list[Below]] = {}
        for key, every in standings.items():
            joined = self._below(key, every, absent.get(key, ""))
            if joined is not None:
                found.setdefault(key[0], []).append(joined)
        return {path: tuple(each) for path, each in found.items()}

    def _below(
        self, key: tuple[str, Section], standings: Iterable[_Standing], absent: str
    ) -> Below | None:
        own = self.values.of(*key)
        if own is None:
            return None
        # An item of a list gets nothing: lists are not merged.
        wanted = {
            path: keys
            for path, keys in own.at.items()
            if _may_be_image(keys) and not own.hides(path)
        }
        every = list(standings)
        doubts = dict.fromkeys(
            doubt
            for standing in every[:MAX_LAYERS]
            for folder, mount in standing.charts
            if folder in self.charts
            for doubt in doubts_at(self.charts[folder], mount, standing.place)
        )
        given = self._given(key[0], own, wanted, every)
        images, decided = self._of_templates(key[0], every)
        decided.update(dict.fromkeys(self._renamed(own, wanted, every[:MAX_LAYERS])))
        if not (given or images or doubts or decided or (absent and wanted)):
            return None
        return Below(
            key[1],
            tuple(given.values()),
            absent,
            tuple(images.values()),
            doubts=tuple(doubts),
            decided=tuple(decided),
        )

    def _given(
        self, file: str, own: Layer, wanted: Mapping[ValuePath, Values], every: Sequence[_Standing]
    ) -> dict[ValuePath, Given]:
        given: dict[ValuePath, Given] = {}
        times: Counter[ValuePath] = Counter()
        for standing in every[:MAX_LAYERS]:
            for path, found in self._of_standing(own, wanted, standing):
                text = found.text or ""
                times[path] += 1
                one = given.setdefault(path, Given(path, text, found.where))
                if one.text != text and not one.rival:
                    given[path] = replace(one, rival=found.where)
        more = f"any of more than {MAX_LAYERS} releases" if len(every) > MAX_LAYERS else ""
        for path, each in given.items():
            # A registry for all of one release is not that of another release without one.
            alone = file if path[0] == "global" and times[path] < len(every) else ""
            if rival := each.rival or more or alone:
                given[path] = replace(each, rival=rival)
        return given

    def _of_templates(
        self, file: str, every: Sequence[_Standing]
    ) -> tuple[dict[ValuePath, GivenImage], dict[Decided, None]]:
        """What templates make of values, by path, and why some of these are not deployed."""
        images: dict[ValuePath, GivenImage] = {}
        decided: dict[Decided, None] = {}
        for standing in every[:MAX_LAYERS]:
            for image in self._images(standing):
                if isinstance(image, Decided):
                    decided[image] = None
                    continue
                other = images.setdefault(image.path, image)
                if other.made or image.made:
                    # What is a whole tag as well may be edited as that.
                    images[image.path] = image if other.made else other
                elif other.name != image.name and not other.rival:
                    rival = f"{image.name} ({image.where or file})"
                    images[image.path] = replace(other, rival=rival)
        over = self._passed_over(every)
        images = {path: each for path, each in images.items() if path not in over}
        for path, rival in self._other_names(every[:MAX_LAYERS], file):
            if path in images and not images[path].made:
                image = images[path] = replace(images[path], rival=images[path].rival or rival)
                reason = f"it is the tag of {image.name}, but also of {image.rival}"
                over.setdefault(path, Decided(path, reason))
        decided = {each: None for each in decided if not (each.unless and each.path in over)}
        decided.update(dict.fromkeys(over.values()))
        return images, decided

    def _passed_over(self, every: Sequence[_Standing]) -> dict[ValuePath, Decided]:
        """Values before which every release that merges them has another one, in layers above."""
        if len(every) > MAX_LAYERS or not all(each.released and each.above for each in every):
            return {}
        found: dict[ValuePath, Decided] | None = None
        for standing in every:
            decided: dict[ValuePath, Decided] = {}
            made: set[ValuePath] = set()
            for each in self._images(standing, whole=True):
                if isinstance(each, Decided) and not each.unless:
                    decided.setdefault(each.path, each)
                else:
                    made.add(each.path)
            found = {
                path: each
                for path, each in decided.items()
                if path not in made and (found is None or path in found)
            }
        return found or {}

    def _other_names(
        self, every: Iterable[_Standing], file: str
    ) -> Iterator[tuple[ValuePath, str]]:
        """The images of templates that are others with the layers above."""
        for standing in every:
            if standing.above and (images := list(self._images(standing))):
                yield from other_names(images, self._images(standing, whole=True), file)

    def _renamed(
        self, own: Layer, wanted: Mapping[ValuePath, Values], every: Iterable[_Standing]
    ) -> Iterator[Decided]:
        """The tags beside names, or below a registry for all, that layers above change."""
        for standing in every:
            for where, key in _GLOBALS if standing.above else ():
                mine = own.at.get(where, {}).get(key)
                other = self.values.mapping(standing.above, (*standing.place.mount, *where)).get(
                    key
                )
                if mine is not None and mine.text and other is not None:
                    name = ".".join((*where, key))
                    yield from self._with_registry(mine.text, name, other, wanted, standing)
            for path, keys in wanted.items() if standing.above else ():
                whole = (*standing.place.mount, *path)
                above = self.values.mapping(standing.above, whole)
                if above:
                    yield from renamed(
                        path, keys, self.values.mapping(standing.below, whole), above
                    )

    def _with_registry(
        self,
        mine: str,
        name: str,
        other: Found,
        wanted: Mapping[ValuePath, Values],
        standing: _Standing,
    ) -> Iterator[Decided]:
        """The tags of images without a registry, where another one takes the place of `mine`."""
        for path, keys in wanted.items() if other.text and other.text != mine else ():
            whole = (*standing.place.mount, *path)
            above = self.values.mapping(standing.above, whole)
            below = self.values.mapping(standing.below, whole)
            yield from below_registry(path, keys, below, above, name, other)

    def _images(
        self, standing: _Standing, *, whole: bool = False
    ) -> Iterator[GivenImage | Decided]:
        """The images of a layer over those below it; with `whole`, below those above it too."""
        place = standing.place
        layers = (*(standing.above if whole else ()), place, *standing.below)
        for folder, mount in standing.charts:
            chart = self.charts.get(folder)
            if chart is not None:
                yield from images_of(chart, mount, place, layers, self.values)

    def _of_standing(
        self, own: Layer, wanted: Mapping[ValuePath, Values], standing: _Standing
    ) -> Iterator[tuple[ValuePath, Found]]:
        mount = standing.place.mount
        for path, keys in wanted.items():
            found = self.values.mapping(standing.below, (*mount, *path))
            if not any(is_name(key) for key in (*keys, *found)):
                above = self.values.mapping(standing.above, (*mount, *path))
                if not any(key in above for key in keys):
                    found = {**above, **found}
            for key, value in found.items():
                if key not in keys and value.text is not None:
                    yield (*path, key), value
        for path, key in _GLOBALS if wanted else ():
            if key in own.at.get(path, ()):
                continue
            whole = (*mount, *path)
            # That of the highest layer counts for all whose tags are not overridden as well.
            others = (*(standing.above if self._is_used(wanted, standing) else ()), *standing.below)
            everywhere = self.values.mapping(others, whole).get(key)
            if everywhere is not None and everywhere.text:
                yield (*path, key), everywhere
        yield from self._registries_above(own, wanted, standing)

    def _is_used(self, wanted: Mapping[ValuePath, Values], standing: _Standing) -> bool:
        """Whether the layers above leave one of the versions at these paths."""
        for path, keys in wanted.items():
            above = self.values.mapping(standing.above, (*standing.place.mount, *path))
            for key, value in keys.items():
                # A name with a colon may be a whole reference.
                is_version = ":" in (value.text or "") if is_name(key) else may_be_version(key)
                if is_version and value.text and key not in above:
                    return True
        return False

    def _registries_above(
        self, own: Layer, wanted: Mapping[ValuePath, Values], standing: _Standing
    ) -> Iterator[tuple[ValuePath, Found]]:
        """The registries that other layers have above the images of this one."""
        above = {path[:length]: None for path in wanted for length in range(len(path))}
        for path in above:
            whole = (*standing.place.mount, *path)
            found = self.values.mapping((*standing.above, *standing.below), whole)
            for key, value in found.items():
                if value.text and is_registry_key(key) and key not in own.owners.get(path, ()):
                    yield (*path, key), value

    def without_replaced(self, scans: Mapping[str, Scan]) -> dict[str, Scan]:
        """The scans of which fields change that every release overrides: such a field is listed
        instead if the other values differ, and else knows their places."""
        standings: dict[str, dict[Section, list[_Standing]]] = {}
        for stack in self.stacks:
            for number, place in enumerate(stack.layers):
                if number < stack.own or not stack.released:
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
            replaced, equal = self._overridden(each, sections)
            if replaced:
                reason = f"{replaced} overrides it in every release that merges this file"
                unread.append(Unread(each.path, each.line, "replaced", reason, True))
            else:
                fields.append(replace(each, overridden=equal) if equal else each)
        if tuple(fields) == scan.fields:
            return scan
        unread.sort(key=lambda each: each.line)
        return replace(scan, fields=tuple(fields), unread=tuple(unread))

    def _overridden(
        self, each: ImageField, sections: Mapping[Section, list[_Standing]]
    ) -> tuple[str, tuple[str, ...]]:
        """What overrides a field in every release: the place of another value, or those of equal
        values. Nothing if a release uses the field."""
        for section, standings in sections.items():
            depth = len(section.keys)
            if each.document != section.document or each.keys[:depth] != section.keys:
                continue
            # Values by name have the number of an item before their keys.
            depth += section.parameters
            path = tuple(str(key) for key in each.keys[depth:])
            own = self.values.of(each.path, section)
            mine = own.at.get(path[:-1], {}).get(path[-1]) if own is not None and path else None
            if mine is None:
                continue
            others = [self._over(standing, path) for standing in standings]
            if not others or any(text is None for text, _ in others):
                return "", ()
            equal = dict.fromkeys(where for text, where in others if text == mine.text)
            return ("", tuple(equal)) if equal else (others[0][1], ())
        return "", ()

    def _over(self, standing: _Standing, path: ValuePath) -> tuple[str | None, str]:
        whole = (*standing.place.mount, *path)
        found = self.values.mapping(standing.above, whole[:-1]).get(whole[-1])
        return (None, "") if found is None else (found.text, found.where)


def sections_of(stacks: Iterable[Stack]) -> dict[str, tuple[Section, ...]]:
    """Which sections of which files are layers."""
    found: dict[str, dict[Section, None]] = {}
    for stack in stacks:
        for place in stack.layers:
            found.setdefault(place.path, {})[place.section] = None
    return {path: tuple(sections) for path, sections in found.items()}


def _may_be_image(values: Values) -> bool:
    return any(value.text is not None and may_be_version(key) for key, value in values.items())
