"""What of a configuration does nothing."""

from __future__ import annotations

from collections.abc import Iterable

from imagebot.config.model import Configuration
from imagebot.config.node import show_text
from imagebot.plan.assign import Assigned
from imagebot.plan.routes import RouteTable

_EVERYTHING = ("**",)


def unused_warnings(
    assignments: Iterable[Assigned], configuration: Configuration, paths: Iterable[str]
) -> tuple[str, ...]:
    """What of a configuration does nothing: routes without a file, image entries without a field.

    `paths` are all the files there are. An entry counts as used by a field that has a marker. What
    is for everything (`**`) is no mistake where nothing is left for it.
    """
    if configuration.built_in:
        return ()
    routes = RouteTable(configuration)
    with_files = {id(route) for path in paths if (route := routes.of(path)) is not None}
    used = {
        id(routes.entry(route, assigned.field.reference.repository))
        for assigned in assignments
        if (route := assigned.route) is not None
    }
    warnings: list[str] = []
    for route in configuration.routes:
        if id(route) not in with_files:
            if route.files != _EVERYTHING:
                warnings.append(f"{route.place}: route {route.name!r} takes no file")
            continue
        warnings.extend(
            f"{entry.place}: {show_text(entry.match)!r} in route {route.name!r} takes no image"
            for entry in route.images
            if id(entry) not in used and entry.match not in _EVERYTHING
        )
    return tuple(warnings)
