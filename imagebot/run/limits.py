"""What a target's limits keep the routes of a configuration from, going by the two files alone.

Nothing is asked, and no file of a target is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imagebot.config.model import Configuration, Limits, Route
from imagebot.config.node import KeyPath, show_text
from imagebot.config.static.coverage import are_disjoint, covers
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class LimitFault:
    """A value at `keys` of the configuration that the limits stand against.

    It is `certain` when all that the value is for is kept back, so that a pass fails as soon as
    there is anything to do.
    """

    keys: KeyPath
    message: str
    hint: str
    certain: bool


def limit_faults(configuration: Configuration, limits: Limits, target: str) -> Iterator[LimitFault]:
    """In the order of the routes; `target` is the name of the one that has the limits."""
    for index, route in enumerate(configuration.routes):
        if route.publish == "commit" and limits.commit is not None:
            yield from _of_files(configuration, index, limits.commit, target)
        if limits.images is not None:
            yield from _of_images(route, index, limits.images, target)


_WIDEN = "publish the route by pull request, or widen limits.{} of the target in the bot's file"


def _of_files(
    configuration: Configuration, index: int, allowed: Sequence[str], target: str
) -> Iterator[LimitFault]:
    route, before = configuration.routes[index], configuration.routes[:index]
    taken = [*configuration.files.exclude, *(glob for each in before for glob in each.files)]
    name, hint = show_text(route.name), _WIDEN.format("commit")
    beyond = [
        (number, glob)
        for number, glob in enumerate(route.files)
        if not covers((*allowed, *taken), glob)
    ]
    none = [(number, glob) for number, glob in beyond if are_disjoint(glob, allowed)]
    if none and len(none) == len(route.files):
        message = (
            f"route {name!r} commits, but limits.commit of target {show_text(target)!r} allows "
            "none of its files"
        )
        yield LimitFault(("routes", index, "files"), message, hint, certain=True)
        return
    for number, glob in beyond:
        message = (
            f"route {name!r} commits to {show_text(glob)!r}, of which limits.commit of target "
            f"{show_text(target)!r} allows {'nothing' if (number, glob) in none else 'a part only'}"
        )
        yield LimitFault(("routes", index, "files", number), message, hint, certain=False)


def _of_images(
    route: Route, index: int, allowed: Sequence[str], target: str
) -> Iterator[LimitFault]:
    for number, entry in enumerate(route.images):
        if entry.policy == "ignore" or not are_disjoint(entry.match, allowed):
            continue
        message = (
            f"{show_text(entry.match)!r} takes no image: limits.images of target "
            f"{show_text(target)!r} allows none of them"
        )
        hint = "widen limits.images of the target in the bot's file, or remove this entry"
        yield LimitFault(("routes", index, "images", number, "match"), message, hint, certain=False)
