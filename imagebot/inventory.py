"""Every image field of a set of files: read -> scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from imagebot.config.model import Configuration
from imagebot.errors import ImagebotError, InvalidPolicyError
from imagebot.glob import matches_any
from imagebot.manifest.field import ImageField, Scan, Unread
from imagebot.manifest.flux import join
from imagebot.manifest.scan import ScanOptions, scan
from imagebot.manifest.select import chart_folders, is_chart_template
from imagebot.plan import Problem
from imagebot.policy.build import build_policy
from imagebot.policy.model import Policy


class Source(Protocol):
    """Where manifests come from: a folder, or a commit of a target."""

    def paths(self) -> Sequence[str]:
        """Every file that may hold image fields, relative, in a stable order."""
        ...

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        """The content of each of `paths`, in their order; an error where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a source holds. `paths` are all files that were looked at.

    `flux` has the policies of the ImagePolicy objects in it, by `namespace:name`.
    """

    paths: tuple[str, ...]
    fields: tuple[ImageField, ...]
    unread: tuple[Unread, ...] = ()
    flux: Mapping[str, Policy] = field(default_factory=dict)


def take_inventory(source: Source, configuration: Configuration) -> Inventory:
    """Scan every file of `source` that the configuration does not exclude."""
    paths = tuple(source.paths())
    charts = chart_folders(paths)
    plain = ScanOptions(fields=configuration.fields, files=configuration.files.extra)
    template = replace(plain, chart=True)
    scans: dict[str, Scan] = {}
    for path, data in source.read(paths):
        if isinstance(data, ImagebotError):
            scans[path] = Scan(unread=(Unread(path, 0, data.code, data.message),))
        else:
            options = template if is_chart_template(path, charts) else plain
            scans[path] = scan(path, data, options)
    joined = join(scans)
    return Inventory(
        paths=paths,
        fields=tuple(field for each in joined.scans.values() for field in each.fields),
        unread=tuple(entry for each in joined.scans.values() for entry in each.unread),
        flux=_flux_policies(joined.policies),
    )


def _flux_policies(found: Mapping[str, Mapping[str, object]]) -> dict[str, Policy]:
    """Those of Flux's policies that can be followed; the others are among what is unread."""
    policies: dict[str, Policy] = {}
    for name, keys in found.items():
        with suppress(InvalidPolicyError):
            policies[name] = build_policy(name, keys)
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
