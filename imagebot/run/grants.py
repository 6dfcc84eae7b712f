"""Routes that open pull requests, and targets that can have none. Nothing is asked."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from imagebot.config.issues import Issues
from imagebot.config.model import BotConfiguration, Configuration, Target
from imagebot.config.node import Document, show_text
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
    document: Document, configuration: Configuration, targets: Sequence[Target]
) -> tuple[tuple[ConfigIssue, ...], bool]:
    """An issue for each route that opens pull requests where a target can have none.

    True with them: none of the targets can, so that the routes fail wherever they are used.
    `configuration` is what the document was loaded as.
    """
    faults = [(target, fault) for target in targets if (fault := _fault(target)) is not None]
    if not faults:
        return (), False
    (target, fault), *others = faults
    more = f" and {len(others)} more" if others else ""
    issues = Issues(document)
    for index, route in enumerate(configuration.routes):
        if route.publish == "pull-request":
            message = (
                f"route {show_text(route.name)!r} opens pull requests, which target "
                f"{show_text(target.name)!r}{more} cannot have: {fault.reason}"
            )
            issues.add(("routes", index, "publish"), message, fault.hint)
    return issues.found(), len(faults) == len(targets)


def _fault(target: Target) -> ForgeError | None:
    try:
        check_forge(target)
    except ForgeError as error:
        return error
    return None
