"""Every image field of a set of files: read -> scan.

What scans and joins is imported with the first file: most passes find what was kept of the head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from imagebot.config.builtin import only_markers
from imagebot.config.model import Configuration
from imagebot.errors import FolderError, InvalidPolicyError
from imagebot.glob import matches_any
from imagebot.manifest.flux.policy import FluxPolicy
from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.manifest.images.layers import Layers
from imagebot.manifest.images.options import LAYERS, REFERS_ELSEWHERE, UNSAID, ScanOptions
from imagebot.policy.model import Policy
from imagebot.problem import Problem
from imagebot.reference import Repository
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.scan.ahead import Ahead
    from imagebot.scan.cache import ScanCache
    from imagebot.scan.layers import Layered
    from imagebot.scan.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The image fields of a source. `paths` are all files that were scanned.

    `flux` has the policies of its ImagePolicy objects by their keys (`namespace:name`, followed by
    a location if the name is not unique), or where and why one is not followed. `layers` has, by
    path, what layers of Helm values give each other.
    """

    paths: tuple[str, ...]
    fields: tuple[ImageField, ...]
    unread: tuple[Unread, ...] = ()
    flux: Mapping[str, Policy | Unread] = field(default_factory=dict)
    layers: Layers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TreeScan:
    """What the scans of all files say together; `inventory_of` makes an Inventory of it.

    It can be kept: it depends on the files and on what the configuration says of scanning. `unread`
    is in the order in which it was found; `policies` are keyed as in `Joined`.
    """

    paths: tuple[str, ...]
    fields: tuple[ImageField, ...]
    unread: tuple[Unread, ...]
    policies: dict[str, FluxPolicy]
    layers: Layers = field(default_factory=dict)


def take_inventory(
    source: Source,
    configuration: Configuration,
    scans: ScanCache | None = None,
    *,
    url: str | None = None,
    managed_only: bool = False,
    ahead: Ahead | None = None,
) -> Inventory:
    """Scan every file of `source` that the configuration does not exclude.

    With `managed_only`, where nothing but markers can manage an image, files without markers are
    left out, except those that others depend on: the plan is the same, but what is wrong with such
    a file is not found.

    With `scans`, files that a source knows by their blobs and that were scanned before are not
    even read. `url` is that of the Git repository, if known: releases of charts name it. `ahead` is
    at work on the same files.
    """
    tree = scan_tree(source, configuration, scans, url=url, managed_only=managed_only, ahead=ahead)
    return inventory_of(tree)


def scan_tree(
    source: Source,
    configuration: Configuration,
    scans: ScanCache | None = None,
    *,
    url: str | None = None,
    managed_only: bool = False,
    ahead: Ahead | None = None,
) -> TreeScan:
    """The first part of `take_inventory`."""
    paths = tuple(source.paths())
    left_out = managed_only and only_markers(configuration)
    options = _options(paths, configuration, markers_only=left_out)
    found = _scan_tree(source, paths, options, scans, ahead)
    layered = _with_layers(source, paths, found, options, scans, url)
    return _joined(paths, layered, url)


def _with_layers(
    source: Source,
    paths: Sequence[str],
    found: dict[str, Scan],
    options: Callable[[str], ScanOptions],
    cache: ScanCache | None,
    url: str | None,
) -> Layered:
    from imagebot.scan.layers import join_layers

    def look(some: Sequence[str], with_options: Callable[[str], ScanOptions]) -> dict[str, Scan]:
        return _scan_all(source, some, with_options, cache)

    return join_layers(found, source, paths, url, options, look, cache)


def find_named(
    source: Source,
    configuration: Configuration,
    repositories: Iterable[Repository],
    *,
    url: str | None = None,
) -> Inventory:
    """The inventory as far as it is about `repositories`: it reads the files that mention them.

    `unread` is limited to such files too. Fields of other repositories may be included.
    """
    from imagebot.scan.layers import is_layer

    paths = tuple(source.paths())
    last = {each.path.rpartition("/")[2]: None for each in repositories}
    names = (*last, *(UNSAID[name] for name in last if name in UNSAID))
    found = _scan_tree(source, paths, _options(paths, configuration, names), None)
    if renamed := _renamed_to(last, found.values()):
        names = (*names, *renamed)
        found = _scan_tree(source, paths, _options(paths, configuration, names), None)
    named = {
        path for path, scan in found.items() if replace(scan, overlays=(), env_files=()) != Scan()
    }
    if any(_refers_elsewhere(scan, names) for scan in found.values()):
        # The image of a field can be named in another file than its tag.
        wider = _options(paths, configuration, (*names, *REFERS_ELSEWHERE, *LAYERS))
        found = _scan_tree(source, paths, wider, None)
    elif any(is_layer(path, found[path]) for path in named) or _has_sets(
        source, paths, configuration
    ):
        # Another layer of Helm values, or a file of a generator, may have only the tag.
        wider = _options(paths, configuration, (*names, *LAYERS))
        found = _scan_tree(source, paths, wider, None)
    layered = _with_layers(source, paths, found, _options(paths, configuration), None, url)
    named.update(layered.layers)
    inventory = inventory_of(_joined(paths, layered, url))
    unread = tuple(each for each in inventory.unread if each.path in named)
    return replace(inventory, unread=unread)


def _has_sets(source: Source, paths: Sequence[str], configuration: Configuration) -> bool:
    """Whether ApplicationSets may put the name of an image together that no file mentions."""
    found = _scan_all(source, paths, _options(paths, configuration, ("ApplicationSet",)), None)
    return any(scan.application_sets for scan in found.values())


def _renamed_to(last: Iterable[str], scans: Iterable[Scan]) -> tuple[str, ...]:
    """The names that kustomizations replace by names that end like these."""
    wanted = set(last)
    overrides = (each for scan in scans for overlay in scan.overlays for each in overlay.images)
    found = (each.name for each in overrides if each.renamed.rpartition("/")[2] in wanted)
    return tuple(dict.fromkeys(name.rpartition("/")[2] for name in found))


def _refers_elsewhere(scan: Scan, names: tuple[str, ...]) -> bool:
    """Whether other files may say more about the image that this one mentions."""
    replaced = (each.name for overlay in scan.overlays for each in overlay.images)
    if any(name.rpartition("/")[2] in names for name in replaced):
        return True
    says_more = ("ImageRepository", "NameMarker")
    if any(each.kind in says_more for each in scan.objects):
        return True
    if any(each.marker is not None and each.marker.syntax == "flux" for each in scan.fields):
        return True
    return any(
        each.kind == "ImagePolicy" or each.chart.rpartition("/")[2] in names
        for each in scan.pending
    )


def _joined(paths: tuple[str, ...], layered: Layered, url: str | None) -> TreeScan:
    from imagebot.manifest.flux.join import join
    from imagebot.manifest.overlays import join_overlays

    overlaid = join_overlays(layered.scans, url)
    joined = join(overlaid.scans)
    layers = dict(layered.layers)
    for path, names in overlaid.names.items():
        layers[path] = (*layers.get(path, ()), *names)
    scans = joined.scans.values()
    return TreeScan(
        paths,
        tuple([field for each in scans for field in each.fields]),
        tuple([entry for each in scans for entry in each.unread]),
        joined.policies,
        layers,
    )


def inventory_of(tree: TreeScan) -> Inventory:
    """The inventory of the files, with the policies that Flux's objects make."""
    flux = _flux_policies(tree.policies)
    unread = [*tree.unread, *(entry for entry in flux.values() if isinstance(entry, Unread))]
    if len(unread) > 1:
        # Entries that depend on other files come last in `joined`, whatever their line.
        order = {path: number for number, path in enumerate(tree.paths)}
        unread.sort(key=lambda entry: (order[entry.path], entry.line))
    return Inventory(
        paths=tree.paths,
        fields=tree.fields,
        unread=tuple(dict.fromkeys(unread)),
        flux=flux,
        layers=tree.layers,
    )


def _options(
    paths: Sequence[str],
    configuration: Configuration,
    mentions: tuple[str, ...] = (),
    *,
    markers_only: bool = False,
) -> Callable[[str], ScanOptions]:
    """The scan options of a file, by its path."""
    from imagebot.manifest.formats.select import options_by_path

    plain = ScanOptions(
        fields=configuration.fields,
        files=configuration.files.patterns,
        compose_defaults=configuration.files.compose_defaults,
        mentions=mentions,
        markers_only=markers_only,
    )
    return options_by_path(paths, plain)


def _patches_left_out(
    paths: Sequence[str], found: Mapping[str, Scan], options: Callable[[str], ScanOptions]
) -> list[str]:
    """Patches, transformers and replacements of kustomizations, in files that `options` may have
    left out.

    What they replace is not to be edited, and they need not mention it.
    """
    if not paths or _whole(options)(paths[0]) == options(paths[0]):
        return []
    overlays = [overlay for scan in found.values() for overlay in scan.overlays]
    folders = {each.folder: each.includes for each in overlays if each.by == "kustomization"}
    named: set[str] = set()
    for overlay in overlays:
        named.update(patch.path for patch in overlay.changes)
        named.update(overlay.replacing)
        for path in overlay.transformers:
            named.update(folders.get(path, (path,)))
    return [path for path in paths if path in named]


def _whole(options: Callable[[str], ScanOptions]) -> Callable[[str], ScanOptions]:
    """Options that leave no file out for what it does not mention."""
    return lambda path: replace(options(path), markers_only=False, mentions=())


def _scan_tree(
    source: Source,
    paths: Sequence[str],
    options: Callable[[str], ScanOptions],
    cache: ScanCache | None,
    ahead: Ahead | None = None,
) -> dict[str, Scan]:
    """The scan of every path; files with lines `KEY=VALUE` that kustomizations name are read as
    such, and their patches whatever is in them."""
    found = ahead.scans(paths, options) if ahead else {}
    found = found or _scan_all(source, paths, options, cache)
    found |= _scan_all(source, _patches_left_out(paths, found, options), _whole(options), cache)
    named = {path for scan in found.values() for path in scan.env_files}
    if named:
        from imagebot.manifest.formats.select import path_kind

        wanted = [path for path in paths if path in named and path_kind(path) in ("", "text")]
        found |= _scan_all(source, wanted, lambda path: replace(options(path), is_env=True), cache)
    return found


def _scan_all(
    source: Source,
    paths: Sequence[str],
    options: Callable[[str], ScanOptions],
    cache: ScanCache | None,
) -> dict[str, Scan]:
    """The scan of every path, in their order."""
    keys = _keys(source, paths, options) if cache is not None else {}
    scans = cache.find(keys) if cache is not None else {}
    rest = [path for path in paths if path not in scans]
    if not rest:
        return scans
    from imagebot.scan.many import packed_many, unpacked

    source.fetch(rest)
    for path, found in packed_many(rest, source.read, options):
        scans[path] = unpacked(found)
        if cache is not None and path in keys:
            cache.put(keys[path], scans[path], found if isinstance(found, bytes) else None)
    return {path: scans[path] for path in paths}


def _keys(
    source: Source, paths: Sequence[str], options: Callable[[str], ScanOptions]
) -> dict[str, str]:
    from imagebot.manifest.cache import options_key, scan_key

    blobs = source.blobs()
    keys: dict[str, str] = {}
    option, named = None, ""
    for path in paths:
        if (blob := blobs.get(path)) is None:
            continue
        # Almost always the same as for the path before.
        if (own := options(path)) is not option:
            option, named = own, options_key(own)
        keys[path] = scan_key(blob, path, named)
    return keys


def _flux_policies(found: Mapping[str, FluxPolicy]) -> dict[str, Policy | Unread]:
    """Flux's policies as imagebot policies; an Unread where one cannot be followed."""
    policies: dict[str, Policy | Unread] = {}
    if not found:
        return policies
    from imagebot.policy.build import build_policy

    for name, each in found.items():
        if each.problem or each.suspended:
            policies[name] = each.unread()
            continue
        # A location follows the name if several policies have it.
        plain = name.partition(" ")[0]
        try:
            # Flux writes what its policy chooses, whatever the field said before.
            policies[name] = build_policy(plain, {**each.keys, "adopt": True})
        except InvalidPolicyError as error:
            short = plain.partition(":")[2]
            policies[name] = each.unread(f"ImagePolicy {short}: {error.message}")
    return policies


def sort_unread(
    inventory: Inventory, configuration: Configuration
) -> tuple[tuple[Unread, ...], tuple[Problem, ...]]:
    """Splits unread entries into harmless ones and problems (a route covers the file)."""
    unread: list[Unread] = []
    problems: list[Problem] = []
    routed = configuration.routes
    for entry in inventory.unread:
        if entry.expected or not any(matches_any(route.files, entry.path) for route in routed):
            unread.append(entry)
        else:
            problems.append(unread_problem(entry))
    return tuple(unread), tuple(problems)


def unread_problem(entry: Unread) -> Problem:
    """The problem of an unread file that a route covers."""
    place = f"{entry.path}:{entry.line}" if entry.line else entry.path
    fix = "put a readable file there" if entry.code == FolderError.code else "fix the file"
    return Problem(
        scope="file",
        subject=entry.path,
        path=entry.path,
        line=entry.line,
        code=entry.code,
        message=f"{place}: {entry.reason}",
        hint=f"{fix}, or exclude it with files.exclude",
    )
