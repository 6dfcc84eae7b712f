"""What the targets of a bot let the routes of a configuration do, going by the two files alone."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from imagebot.config.issues import Issues
from imagebot.config.model import BotConfiguration, Configuration, Target
from imagebot.config.node import Document, KeyPath, show_text
from imagebot.errors import ConfigIssue, ForgeError
from imagebot.forge.connect import check_forge, forge_kind
from imagebot.forge.github import ask_for_api, is_likely_api
from imagebot.run.limits import LimitFault, limit_faults


def governed_targets(bot: BotConfiguration, path: str) -> tuple[Target, ...]:
    """The targets that may have the configuration file at `path`, going by the end of its path."""
    return tuple(
        target
        for target in bot.targets
        if f"/{posixpath.normpath(path)}".endswith(f"/{posixpath.normpath(target.configuration)}")
    )


def ungranted(
    document: Document, configuration: Configuration, targets: Sequence[Target]
) -> tuple[tuple[ConfigIssue, ...], tuple[ConfigIssue, ...]]:
    """What no target lets the routes do, so that they fail wherever they are used; and what only
    some do not, or in part.

    `configuration` is what the document was loaded as.
    """
    certain, possible = Issues(document), Issues(document)
    faults = [(target, fault) for target in targets if (fault := _fault(target)) is not None]
    if faults:
        found = certain if len(faults) == len(targets) else possible
        _add_forges(found, configuration, faults)
    _add_limits(certain, possible, configuration, targets)
    return certain.found(), possible.found()


def _add_forges(
    issues: Issues, configuration: Configuration, faults: Sequence[tuple[Target, ForgeError]]
) -> None:
    """An issue for each route that opens pull requests, where a target can have none."""
    (target, fault), *others = faults
    more = f" and {len(others)} more" if others else ""
    for index, route in enumerate(configuration.routes):
        if route.publish == "pull-request":
            message = (
                f"route {show_text(route.name)!r} opens pull requests, which target "
                f"{show_text(target.name)!r}{more} cannot have: {fault.reason}"
            )
            issues.add(("routes", index, "publish"), message, fault.hint)


def _add_limits(
    certain: Issues, possible: Issues, configuration: Configuration, targets: Sequence[Target]
) -> None:
    """One issue for each place, naming the first target whose limits are against it."""
    found: dict[KeyPath, list[LimitFault]] = {}
    for target in targets:
        for fault in limit_faults(configuration, target.limits, target.name):
            found.setdefault(fault.keys, []).append(fault)
    for keys, faults in found.items():
        everywhere = len(faults) == len(targets) and all(fault.certain for fault in faults)
        (certain if everywhere else possible).add(keys, faults[0].message, faults[0].hint)


def doubtful_urls(document: Document, bot: BotConfiguration) -> tuple[ConfigIssue, ...]:
    """The forges' addresses that are hardly those of an API; a proxy may have any."""
    issues = Issues(document)
    for index, target in enumerate(bot.targets):
        url = target.forge.url.rstrip("/")
        if url and forge_kind(target) == "github" and not is_likely_api(url):
            place = ("targets", index, "forge", "url")
            issues.add(place, ask_for_api(url), "`imagebot doctor -c` asks it", position=0)
    return issues.found()


def _fault(target: Target) -> ForgeError | None:
    try:
        check_forge(target)
    except ForgeError as error:
        return error
    return None
