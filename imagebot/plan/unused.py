"""What of a configuration does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from imagebot.config.builtin import only_markers
from imagebot.config.model import Configuration
from imagebot.config.node import show_text
from imagebot.glob import matches_any
from imagebot.manifest.images.field import TEXT
from imagebot.manifest.images.options import ExtraField
from imagebot.plan.assign import Assigned
from imagebot.plan.routes import RouteTable
from imagebot.reference import Repository

_EVERYTHING = ("**",)


def unused_warnings(
    assignments: Sequence[Assigned], configuration: Configuration, paths: Sequence[str]
) -> tuple[str, ...]:
    """What of a configuration does nothing: routes without a file, image entries without a field,
    and entries of `fields` and `files.patterns` that take none.

    `paths` are all the files there are. An entry counts as used by a field that has a marker. What
    is for everything (`**`) is no mistake where nothing is left for it.
    """
    if configuration.built_in:
        return ()
    if only_markers(configuration):
        # Files without markers were not read: what else is in them is not known.
        routes = tuple(replace(route, images=()) for route in configuration.routes)
        return tuple(_unused_routes([], replace(configuration, routes=routes), paths))
    return (
        *_unused_routes(assignments, configuration, paths),
        *_unused_patterns(assignments, configuration, paths),
        *_unused_fields(assignments, configuration, paths),
    )


def _unused_routes(
    assignments: Sequence[Assigned], configuration: Configuration, paths: Iterable[str]
) -> Iterator[str]:
    routes = RouteTable(configuration)
    with_fields = {id(each.route): each.route for each in assignments}
    without_files = {id(route) for route in configuration.routes} - with_fields.keys()
    for path in paths:
        if not without_files:
            break
        without_files.discard(id(routes.of(path)))
    # By texts, which are quicker to look up than thousands of Repository.
    named = {
        (id(each.route), (repository := each.field.reference.repository).registry, repository.path)
        for each in assignments
    }
    used = {
        id(routes.entry(route, Repository(registry, path)))
        for number, registry, path in named
        if (route := with_fields[number]) is not None
    }
    for route in configuration.routes:
        if id(route) in without_files:
            if route.files != _EVERYTHING:
                yield f"{route.place}: route {route.name!r} takes no file"
            continue
        for entry in route.images:
            if id(entry) not in used and entry.match not in _EVERYTHING:
                shown = show_text(entry.match)
                yield f"{entry.place}: {shown!r} in route {route.name!r} takes no image"


def _unused_patterns(
    assignments: Iterable[Assigned], configuration: Configuration, paths: Sequence[str]
) -> Iterator[str]:
    patterns = configuration.files.patterns
    used: set[int] = set()
    for field in (assigned.field for assigned in assignments):
        if field.format == TEXT and field.entry is not None:
            searched = [n for n, each in enumerate(patterns) if matches_any(each.match, field.path)]
            used.add(searched[field.entry])
    for number, (entry, place) in enumerate(zip(patterns, configuration.files.places, strict=True)):
        if number in used:
            continue
        globs = show_text(", ".join(entry.match))
        has_files = any(matches_any(entry.match, path) for path in paths)
        missing = "takes no image" if has_files else "takes no file"
        yield f"{place}: the entry of files.patterns for {globs!r} {missing}"


def _unused_fields(
    assignments: Iterable[Assigned], configuration: Configuration, paths: Sequence[str]
) -> Iterator[str]:
    used = {each.field.entry for each in assignments if each.field.format != TEXT}
    entries = zip(configuration.fields, configuration.field_places, strict=True)
    for number, (entry, place) in enumerate(entries):
        if number in used:
            continue
        has_files = any(entry.captured(path) is not None for path in paths)
        missing = "takes no image" if has_files or not entry.files else "takes no file"
        yield f"{place}: the entry of fields for {_shown(entry)} {missing}"


def _shown(entry: ExtraField) -> str:
    path = entry.path or entry.repository or entry.tag or entry.digest
    places = [show_text(entry.kind)] if entry.kind else []
    places += [show_text(", ".join(entry.files))] if entry.files else []
    return f"{show_text(path)!r} of {' in '.join(map(repr, places))}"
