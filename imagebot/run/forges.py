"""Routes that open pull requests, and targets that can have none. Nothing is asked."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from imagebot.config.model import BotConfiguration, Configuration, Target
from imagebot.errors import ConfigIssue, ForgeError
from imagebot.forge.connect import check_forge


def governed_targets(bot: BotConfiguration, path: str) -> tuple[Target, ...]:
    """The targets that may have the configuration file at `path`, going by the end of its path."""
    return tuple(
        target
        for target in bot.targets
        if f"/{posixpath.normpath(path)}".endswith(f"/{posixpath.normpath(target.configuration)}")
    )


def without_forge(
    configuration: Configuration, targets: Sequence[Target]
) -> tuple[tuple[ConfigIssue, ...], bool]:
    """An issue for each route that opens pull requests where a target can have none.

    True with them: none of the targets can, so that the routes fail wherever they are used.
    """
    faults = [(target, fault) for target in targets if (fault := _fault(target)) is not None]
    if not faults:
        return (), False
    return tuple(_issues(configuration, faults)), len(faults) == len(targets)


def _issues(
    configuration: Configuration, faults: Sequence[tuple[Target, ForgeError]]
) -> Iterator[ConfigIssue]:
    (target, fault), *others = faults
    more = f", and {len(others)} more" if others else ""
    for index, route in enumerate(configuration.routes):
        if route.publish == "pull-request":
            message = (
                f"route {route.name!r} opens pull requests, which target {target.name!r}{more} "
                f"cannot have: {fault.reason}"
            )
            place = route.place
            key = f"routes[{index}].publish"
            yield ConfigIssue(place.path, place.line, place.column, key, message, fault.hint)


def _fault(target: Target) -> ForgeError | None:
    try:
        check_forge(target)
    except ForgeError as error:
        return error
    return None
