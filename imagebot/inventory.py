"""Every image field of a set of files: read -> scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from imagebot.config.model import Configuration
from imagebot.errors import ImagebotError, InvalidPolicyError
from imagebot.glob import matches_any
from imagebot.manifest.cache import options_key, scan_key
from imagebot.manifest.field import ImageField, Scan, Unread
from imagebot.manifest.flux import FluxPolicy, join
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.parallel import scan_many
from imagebot.manifest.select import chart_folders, is_chart_template
from imagebot.plan import Problem
from imagebot.policy.build import build_policy
from imagebot.policy.model import Policy
from imagebot.scan_cache import ScanCache
from imagebot.threads import usable_processes


class Source(Protocol):
    """Where manifests come from: a folder, or a commit of a target.

    `whole` is false for a part of what a configuration governs.
    """

    @property
    def whole(self) -> bool: ...

    def paths(self) -> Sequence[str]:
        """Every file that may hold image fields, relative, in a stable order."""
        ...

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        """The content of each of `paths`, in their order; an error where it cannot be read."""
        ...

    def blobs(self) -> Mapping[str, str]:
        """The Git blob of each path, so far as the source knows it without reading."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a source holds. `paths` are all files that were looked at.

    `flux` has the policies of the ImagePolicy objects in it, by `namespace:name`, or where and why
    one cannot be followed.
    """

    paths: tuple[str, ...]
    fields: tuple[ImageField, ...]
    unread: tuple[Unread, ...] = ()
    flux: Mapping[str, Policy | Unread] = field(default_factory=dict)


def take_inventory(
    source: Source, configuration: Configuration, scans: ScanCache | None = None
) -> Inventory:
    """Scan every file of `source` that the configuration does not exclude.

    With `scans`, files that a source knows by their blobs and that were scanned before are not
    even read.
    """
    paths = tuple(source.paths())
    found = _scan_all(source, paths, _options(paths, configuration), scans)
    joined = join(found)
    flux = _flux_policies(joined.policies)
    unread = [entry for each in joined.scans.values() for entry in each.unread]
    unread += [entry for entry in flux.values() if isinstance(entry, Unread)]
    return Inventory(
        paths=paths,
        fields=tuple(field for each in joined.scans.values() for field in each.fields),
        unread=tuple(dict.fromkeys(unread)),
        flux=flux,
    )


def _options(paths: Sequence[str], configuration: Configuration) -> Callable[[str], ScanOptions]:
    """What the scan of a file depends on, by its path."""
    charts = chart_folders(paths)
    plain = ScanOptions(
        fields=configuration.fields,
        files=configuration.files.extra,
        compose_defaults=configuration.files.compose_defaults,
    )
    template = replace(plain, chart=True)
    return lambda path: template if is_chart_template(path, charts) else plain


def _scan_all(
    source: Source,
    paths: Sequence[str],
    options: Callable[[str], ScanOptions],
    cache: ScanCache | None,
) -> dict[str, Scan]:
    """The scan of every path, in their order."""
    keys = _keys(source, paths, options) if cache is not None else {}
    scans: dict[str, Scan] = {}
    for path, key in keys.items():
        known = cache.get(key, path) if cache is not None else None
        if known is not None:
            scans[path] = known
    rest = [path for path in paths if path not in scans]
    items = _readable(source.read(rest), options, scans)
    for path, scan in scan_many(items, processes=usable_processes()):
        scans[path] = scan
        if cache is not None and path in keys:
            cache.put(keys[path], scan)
    return {path: scans[path] for path in paths}


def _keys(
    source: Source, paths: Sequence[str], options: Callable[[str], ScanOptions]
) -> dict[str, str]:
    named = {option: options_key(option) for option in {options(path) for path in paths}}
    blobs = source.blobs()
    return {
        path: scan_key(blobs[path], path, named[options(path)]) for path in paths if path in blobs
    }


def _readable(
    contents: Iterable[tuple[str, bytes | ImagebotError]],
    options: Callable[[str], ScanOptions],
    scans: dict[str, Scan],
) -> Iterator[tuple[str, bytes, ScanOptions]]:
    """What can be scanned; what cannot be read has its say in `scans` at once."""
    for path, data in contents:
        if isinstance(data, ImagebotError):
            scans[path] = Scan(unread=(Unread(path, 0, data.code, data.message),))
        else:
            yield path, data, options(path)


def _flux_policies(found: Mapping[str, FluxPolicy]) -> dict[str, Policy | Unread]:
    """Flux's policies as imagebot's; what is no policy says where it stands and why."""
    policies: dict[str, Policy | Unread] = {}
    for name, each in found.items():
        if each.problem:
            policies[name] = each.unread()
            continue
        try:
            policies[name] = build_policy(name, each.keys)
        except InvalidPolicyError as error:
            short = name.partition(":")[2]
            policies[name] = each.unread(f"ImagePolicy {short}: {error.message}")
    return policies


def sort_unread(
    inventory: Inventory, configuration: Configuration
) -> tuple[tuple[Unread, ...], tuple[Problem, ...]]:
    """What nobody need act on, and what is a problem because a route covers the file.

    Without a configuration no route was asked for, so that nothing is a problem.
    """
    unread: list[Unread] = []
    problems: list[Problem] = []
    routed = () if configuration.built_in else configuration.routes
    for entry in inventory.unread:
        if entry.expected or not any(matches_any(route.files, entry.path) for route in routed):
            unread.append(entry)
        else:
            problems.append(_problem(entry))
    return tuple(unread), tuple(problems)


def _problem(entry: Unread) -> Problem:
    place = f"{entry.path}:{entry.line}" if entry.line else entry.path
    return Problem(
        scope="file",
        subject=entry.path,
        path=entry.path,
        line=entry.line,
        code=entry.code,
        message=f"{place}: {entry.reason}",
        hint="mend the file, or leave it out with files.exclude",
    )
