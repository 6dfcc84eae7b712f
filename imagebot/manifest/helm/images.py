"""Which values of a layer are the tags of the images that a chart's templates put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from imagebot.manifest.helm.composed import (
    ChartValues,
    ComposedImage,
    halves_of_tag,
    is_changed,
    items_of,
    parts_at,
    with_tag,
    with_tag_at,
)
from imagebot.manifest.helm.known import paths_of
from imagebot.manifest.helm.merged_values import Found, MergedValues
from imagebot.manifest.helm.stacks import Place
from imagebot.manifest.images.layers import (
    Chart,
    ChartImage,
    Decided,
    Doubt,
    GivenImage,
    ValuePath,
)
from imagebot.values import dataclass

# Values that the images of a chart are made of, and items of a `range`.
_MAX_PATHS = 2_000
_MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class ChartTemplates:
    """A chart, the images of its templates, and the paths of the values in them. `doubts` are
    images that are not understood. `whole` says that there are no others of which nothing is known:
    a value that no image uses is then not deployed."""

    chart: Chart
    images: tuple[ChartImage, ...]
    paths: tuple[ValuePath, ...]
    doubts: tuple[ChartImage, ...] = ()
    whole: bool = True

    @classmethod
    def of(cls, chart: Chart, images: tuple[ChartImage, ...]) -> ChartTemplates:
        known = tuple(each for each in images if each.parts and not each.registry)
        every = {path: None for image in known for path in sorted(paths_of(image.parts))}
        doubts = tuple(each for each in images if each.registry)
        whole = len(every) <= _MAX_PATHS and all(each.parts for each in images)
        return cls(chart, known, tuple(islice(every, _MAX_PATHS)), doubts, whole)


def doubts_at(templates: ChartTemplates, mount: ValuePath, place: Place) -> Iterator[Doubt]:
    """The registries that templates may put before the images of the layer at `place`."""
    depth = len(place.mount)
    for image in templates.doubts:
        for part in image.parts:
            whole = (*mount, *part.path)
            if whole[:depth] == place.mount:
                yield Doubt(whole[depth:], image.registry, image.where)


def images_of(
    templates: ChartTemplates,
    mount: ValuePath,
    place: Place,
    layers: Sequence[Place],
    values: MergedValues,
) -> Iterator[GivenImage | Decided]:
    """The images of which the layer at `place` has the tag, or the digest where there is no tag,
    and why other values of it are not what is deployed.

    `layers` are those that count, the highest first; `mount` is where the values of the chart are.
    """
    own = values.of(place.path, place.section)
    if own is None or mount[: len(place.mount)] != place.mount:
        return
    if not any(
        _may_have(own.owners, (*above[len(place.mount) :], *path))
        for path in templates.paths
        for above in _mounts(mount, path)
    ):
        return
    found: dict[ValuePath, Found] = {}
    texts: dict[ValuePath, str] = {}
    empty: set[ValuePath] = set()
    insides: dict[ValuePath, ValuePath] = {}
    for path in _concrete(templates.paths, mount, layers, values):
        for above in _mounts(mount, path):
            whole = (*above, *path)
            one = values.mapping(layers, whole[:-1]).get(whole[-1])
            if one is not None:
                found[path], texts[path] = one, one.text or ""
                if one.empty:
                    empty.add(path)
                insides[path] = above[len(place.mount) :]
                break
            if values.keys(layers, whole):
                texts[*path, ""] = ""
    merged = ChartValues(texts, templates.chart, empty)
    at = _Inside(mount, place, insides)
    for image in templates.images:
        for item in items_of(image, merged):
            composed = parts_at(item, merged)
            if composed is None:
                yield from _halves(item, merged, place, insides, found)
                yield from at.not_read(item, merged)
                continue
            if templates.whole:
                yield from at.passed_over(item, composed, merged, found)
            if composed.tag is not None:
                yield from at.named(composed, composed.tag.path, item.where)
            given = _given(with_tag(item, merged, composed), place, insides, found, texts)
            if given is not None:
                yield given


@dataclass(frozen=True, slots=True)
class _Inside:
    """Says where the values of a chart are in the layer at `place`."""

    mount: ValuePath
    place: Place
    insides: Mapping[ValuePath, ValuePath]

    def path(self, path: ValuePath) -> ValuePath:
        """A path in the layer; () if it is outside of it, or all of it."""
        if path in self.insides:
            return (*self.insides[path], *path)
        whole = (*self.mount, *path)
        depth = len(self.place.mount)
        return whole[depth:] if whole[:depth] == self.place.mount else ()

    def not_read(self, image: ChartImage, values: ChartValues) -> Iterator[Decided]:
        """Every value of an image that the template changes."""
        if is_changed(image, values):
            reason = f"only the template says which image this makes ({image.where})"
            for path in sorted(paths_of(image.parts)):
                if inside := self.path(path):
                    yield Decided(inside, reason, beside=True)

    def named(self, composed: ComposedImage, path: ValuePath, where: str) -> Iterator[Decided]:
        """Of which image the value at a path is the tag, whatever is beside it."""
        if inside := self.path(path):
            reason = f"the template makes {composed.reference.name} of it ({where})"
            yield Decided(inside, reason, unless=str(composed.reference.repository))

    def passed_over(
        self,
        image: ChartImage,
        composed: ComposedImage,
        values: ChartValues,
        found: Mapping[ValuePath, Found],
    ) -> Iterator[Decided]:
        """The values of an image that has its tag from elsewhere, and would have it all the same
        if they were others."""
        if composed.reference.tag is None or composed.reference.digest is not None:
            return
        held = composed.tag
        if held is None:
            winner = f"the template writes the tag {composed.reference.tag}"
        else:
            where = f" ({found[held.path].where})" if held.path in found else ""
            winner = f"the template takes the tag from `{'.'.join(held.path)}`{where}"
        reason = f"{winner} ({image.where})"
        kept = {*composed.name, *(() if held is None else (held.path,))}
        free: set[ValuePath] = set()
        for path in sorted(paths_of(image.parts) - kept):
            other = with_tag_at(image, values, path)
            if other is not None:
                free.add(path[:-1])
                yield from self.named(other, path, image.where)
            elif inside := self.path(path):
                yield Decided(inside, reason)
        if free & {path[:-1] for path in composed.name}:
            return
        if held is None or held.path[:-1] not in {path[:-1] for path in composed.name}:
            for path in composed.name:
                if inside := self.path(path):
                    yield Decided(inside, reason, beside=True)


def _halves(
    image: ChartImage,
    merged: ChartValues,
    place: Place,
    insides: dict[ValuePath, ValuePath],
    found: dict[ValuePath, Found],
) -> Iterator[GivenImage]:
    """The values of a layer of which a template makes a tag with more around them."""
    halves = halves_of_tag(image, merged)
    if halves is None:
        return
    reference, paths = halves
    for path in paths:
        telling = any(char.isdigit() for char in merged.print(path))
        if telling and path in found and found[path].place == place:
            yield GivenImage((*insides[path], *path), reference.name, made=reference.tag or "")


def _mounts(mount: ValuePath, path: ValuePath) -> Iterator[ValuePath]:
    """Where a chart has the value at a path from, the first that has it: what is `global` in a
    parent chart goes before the same of its subcharts."""
    if path[:1] == ("global",):
        for length in range(len(mount)):
            yield mount[:length]
    yield mount


def _may_have(owners: dict[ValuePath, dict[str, None]], path: ValuePath) -> bool:
    """Whether a layer has a value at a path, of which `*` is any key."""
    fixed = path[: path.index("*")] if "*" in path else path[:-1]
    return fixed in owners and ("*" in path or path[-1] in owners[fixed])


def _concrete(
    paths: Iterable[ValuePath], mount: ValuePath, layers: Sequence[Place], values: MergedValues
) -> Iterator[ValuePath]:
    """The paths with the keys that are there in place of each `*`."""
    waiting = list(paths)[::-1]
    made = 0
    while waiting and made < _MAX_PATHS:
        path = waiting.pop()
        if "*" not in path:
            made += 1
            if path:
                yield path
            continue
        at = path.index("*")
        keys = values.keys(layers, (*mount, *path[:at]))
        rest = path[at + 1 :]
        waiting += [(*path[:at], key, *rest) for key in islice(keys, _MAX_ITEMS)]


def _given(
    image: ComposedImage,
    place: Place,
    insides: dict[ValuePath, ValuePath],
    found: dict[ValuePath, Found],
    texts: dict[ValuePath, str],
) -> GivenImage | None:
    main = image.tag or image.digest
    if main is None or main.path not in found:
        return None
    if found[main.path].place != place:
        return _given_digest(image, place, insides, found)
    end = len(texts[main.path])
    digest: ValuePath = ()
    refusal = ""
    if image.tag is not None and image.reference.digest is not None:
        held = image.digest
        if held is None:
            refusal = "its digest is in the templates of the chart"
        elif held.path == main.path:
            main = image.tag
        elif held.path in found and found[held.path].place == place and held.start == 0:
            digest = (*insides[held.path], *held.path)
        else:
            refusal = f"its digest is in {found[held.path].where}: write it beside the tag"
    if not refusal and (digest or image.digest is None) and main.end != end:
        refusal = "its tag is only a part of the value"
    where = _where(image, place, found)
    path = (*insides[main.path], *main.path)
    return GivenImage(path, image.reference.name, main.start, where, digest, refusal)


def _given_digest(
    image: ComposedImage,
    place: Place,
    insides: dict[ValuePath, ValuePath],
    found: dict[ValuePath, Found],
) -> GivenImage | None:
    """A digest at `place` whose tag another layer has."""
    tag, held = image.tag, image.digest
    if tag is None or held is None or held.path not in found or held.start:
        return None
    if found[held.path].place != place or held.path == tag.path:
        return None
    path = (*insides[held.path], *held.path)
    refusal = f"its tag is in {found[tag.path].where}: write it beside the digest"
    where = _where(image, place, found)
    return GivenImage(path, image.reference.name, where=where, refusal=refusal)


def _where(image: ComposedImage, place: Place, found: dict[ValuePath, Found]) -> str:
    """The place of the value that names the image, "" if it is in the same file."""
    name = next((path for path in image.name if path in found), ())
    elsewhere = name and found[name].place.path != place.path
    return found[name].where if elsewhere else ""
