"""Scans files again whose Helm values other files complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from imagebot.manifest.formats.select import path_kind
from imagebot.manifest.helm.join import Joining, sections_of
from imagebot.manifest.helm.stacks import find_stacks
from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.layers import Layers
from imagebot.manifest.images.options import ScanOptions

Options: TypeAlias = Callable[[str], ScanOptions]
Look: TypeAlias = Callable[[Sequence[str], Options], Mapping[str, Scan]]


@dataclass(frozen=True, slots=True)
class Layered:
    """Scans of a whole tree by path, and what layers of Helm values give each other."""

    scans: dict[str, Scan]
    layers: Layers = field(default_factory=dict)


def join_layers(
    scans: dict[str, Scan], paths: Sequence[str], url: str | None, options: Options, look: Look
) -> Layered:
    """Join the layers of Helm values of a tree.

    `url` is that of its Git repository, if known. `look` scans files with the given options, from a
    cache where it can.
    """
    found = find_stacks(scans, paths, url)
    for each in found.unread:
        scan = scans[each.path]
        scans[each.path] = replace(scan, unread=(*scan.unread, each))
    if not found.stacks:
        return Layered(scans)
    sections = sections_of(found.stacks)
    asked = [path for path in paths if path in sections]
    values = look(asked, lambda path: ScanOptions(sections=sections[path]))
    joining = Joining(found.stacks, values)
    layers = joining.given()

    def again(path: str) -> ScanOptions:
        return replace(options(path), layers={path: layers[path]}, mentions=())

    # Releases and objects are the same in both looks; a file that cannot be read says nothing.
    scans.update(look([path for path in paths if path in layers], again))
    scans.update(joining.without_replaced(scans))
    return Layered(scans, layers)


def is_layer(path: str, scan: Scan) -> bool:
    """Whether a file may be merged with other files by Helm."""
    if scan.releases or scan.holders or scan.chart is not None or path_kind(path) == "chart":
        return True
    return any(each.format == "helm" for each in scan.fields) or "values" in path
