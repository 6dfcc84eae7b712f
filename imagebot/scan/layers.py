"""Scans files again whose Helm values other files complete."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

from imagebot.manifest.cache import scan_key
from imagebot.manifest.formats.select import path_kind
from imagebot.manifest.helm.stacks import Stacks, find_stacks
from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.layers import Chart, ChartImage, Layers
from imagebot.manifest.images.options import ScanOptions
from imagebot.scan.cache import ScanCache
from imagebot.scan.source import Source
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.manifest.generated import Generated
    from imagebot.manifest.helm.join import Joining

Options: TypeAlias = Callable[[str], ScanOptions]
Look: TypeAlias = Callable[[Sequence[str], Options], Mapping[str, Scan]]
# The templates of one chart are read together.
_MAX_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layered:
    """Scans of a whole tree by path, and what layers of Helm values give each other."""

    scans: dict[str, Scan]
    layers: Layers = field(default_factory=dict)


def join_layers(
    scans: dict[str, Scan],
    source: Source,
    paths: Sequence[str],
    url: str | None,
    options: Options,
    look: Look,
    cache: ScanCache | None,
) -> Layered:
    """Join the layers of Helm values of a tree.

    `url` is that of its Git repository, if known. `look` scans files with the given options, from a
    cache where it can.
    """
    found = find_stacks(scans, paths, url)
    there = (entry for file, entry in found.absent if source.has(file))
    for each in (*found.unread, *there):
        scan = scans[each.path]
        scans[each.path] = replace(scan, unread=(*scan.unread, each))
    joining = _joining(scans, source, paths, found, look, cache) if found.stacks else None
    layers: Layers = joining.given() if joining is not None else {}

    def again(path: str) -> ScanOptions:
        return replace(options(path), layers={path: layers[path]}, mentions=())

    # A file says the same of releases and objects in both looks.
    scans.update(look([path for path in paths if path in layers], again))
    generated = _join_generators(scans, paths, url, layers, options, look)
    if generated is not None:
        from imagebot.manifest.generated import with_more

        layers = with_more(layers, generated.layers)
        scans.update(look([path for path in paths if path in generated.layers], again))
        _list_doubts(scans, generated)
    if joining is not None:
        from imagebot.manifest.helm.rendered import join_rendered

        scans.update(joining.without_replaced(scans))
        scans.update(join_rendered(joining.stacks, joining.values, scans))
    return Layered(scans, layers)


def _joining(
    scans: Mapping[str, Scan],
    source: Source,
    paths: Sequence[str],
    found: Stacks,
    look: Look,
    cache: ScanCache | None,
) -> Joining:
    # Not needed for most trees.
    from imagebot.manifest.helm.images import ChartTemplates
    from imagebot.manifest.helm.join import Joining, sections_of

    sections = sections_of(found.stacks)
    asked = [path for path in paths if path in sections]
    values = look(asked, lambda path: ScanOptions(sections=sections[path]))
    images = _read_charts(found.templates, source, cache)
    charts = {
        folder: ChartTemplates.of(_chart(scans, folder), each)
        for folder, each in images.items()
        if each
    }
    return Joining(found.stacks, values, charts)


def _join_generators(
    scans: Mapping[str, Scan],
    paths: Sequence[str],
    url: str | None,
    layers: Layers,
    options: Options,
    look: Look,
) -> Generated | None:
    """What the templates of ApplicationSets make of the values of generators; None if nothing."""
    sets = [path for path in paths if path in scans and scans[path].application_sets]
    if not sets:
        return None
    from imagebot.manifest.generated import Generators

    def as_words(path: str) -> ScanOptions:
        given = {path: layers[path]} if path in layers else {}
        return replace(options(path), layers=given, mentions=(), as_words=True)

    read = look(sets, as_words)
    if not any(scan.template_images for scan in read.values()):
        return None
    known = {
        path: replace(scans[path], template_images=scan.template_images)
        for path, scan in read.items()
    }
    generators = Generators(paths, url)
    sections = generators.sections(known)
    asked = [path for path in paths if path in sections]
    return generators.join(known, look(asked, lambda path: ScanOptions(sections=sections[path])))


def _list_doubts(scans: dict[str, Scan], generated: Generated) -> None:
    """Say why a value is not read, instead of only that nothing says which image it is about."""
    for each in generated.unread:
        scan = scans[each.path]
        others = [
            one
            for one in scan.unread
            if one.line != each.line or one.code not in ("no-repository", each.code)
        ]
        scans[each.path] = replace(scan, unread=(*others, each))


def _chart(scans: Mapping[str, Scan], folder: str) -> Chart:
    scan = scans.get(f"{folder}/Chart.yaml" if folder else "Chart.yaml")
    return (scan.chart if scan is not None else None) or Chart("")


def _read_charts(
    templates: Mapping[str, tuple[str, ...]], source: Source, cache: ScanCache | None
) -> dict[str, tuple[ChartImage, ...]]:
    """The images of the templates of each chart, by its folder."""
    blobs = source.blobs() if cache is not None else {}
    keys = {
        folder: _key(folder, files, blobs)
        for folder, files in templates.items()
        if all(path in blobs for path in files)
    }
    kept = cache.find(keys) if cache is not None else {}
    found = {folder: scan.images for folder, scan in kept.items()}
    rest = [folder for folder in templates if folder not in found]
    source.fetch([path for folder in rest for path in templates[folder]])
    for folder in rest:
        found[folder] = _images_of(templates[folder], source)
        if cache is not None and folder in keys:
            cache.put(keys[folder], Scan(images=found[folder]))
    return found


def _images_of(files: tuple[str, ...], source: Source) -> tuple[ChartImage, ...]:
    # Few trees have charts.
    from imagebot.manifest.helm.templates import read_templates

    texts: dict[str, str] = {}
    size = 0
    for path, content in source.read(files):
        if isinstance(content, bytes):
            size += len(content)
            texts[path] = content.decode("utf-8", "replace")
        if size > _MAX_BYTES:
            return ()
    found = read_templates(texts)
    unknown = (ChartImage(line, ()) for _, line, _ in found.unknown[:1])
    return (*(image for _, image in found.images), *found.doubts, *unknown)


def _key(folder: str, files: tuple[str, ...], blobs: Mapping[str, str]) -> str:
    whole = "".join(f"{path}\0{blobs[path]}\0" for path in files)
    blob = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return scan_key(blob, folder, "templates")


def is_layer(path: str, scan: Scan) -> bool:
    """Whether a file may be merged with other files by Helm."""
    if scan.releases or scan.holders or scan.chart is not None or path_kind(path) == "chart":
        return True
    return any(each.format == "helm" for each in scan.fields) or "values" in path
