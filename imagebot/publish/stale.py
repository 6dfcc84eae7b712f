"""Open pull requests of the bot that no change is for any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from imagebot.config.model import Route
from imagebot.forge.model import Forge
from imagebot.git.checkout import Checkout
from imagebot.publish.changes import Change
from imagebot.publish.marker import read_marker
from imagebot.publish.pull_request import people_on


def find_stale(
    changes: Iterable[Change],
    routes: Sequence[Route],
    checkout: Checkout,
    forge: Forge | None,
    *,
    target: str,
    configuration: str = "",
    undecided: Collection[str] = (),
) -> tuple[Change, ...]:
    """Changes without updates, for the open pull requests of `routes` that no change is for.

    Also for those of routes that are gone, where they were made under the same `configuration`
    (its hash) and nobody but the bot has committed to them.

    An update that could not be decided is not gone. So this is only to be asked of a plan without
    problems, and leaves out the branches that are `undecided` (`undecided_branches`).
    """
    if forge is None:
        return ()
    wanted = {change.branch for change in changes}
    names = {route.name for route in routes if route.publish == "pull-request"}
    stale = []
    for branch in checkout.bot_branches():
        request = forge.find(branch) if branch not in wanted and branch not in undecided else None
        marker = read_marker(request.body) if request else None
        if marker is None:
            continue
        gone = marker.route not in names and configuration == marker.configuration != ""
        gone = gone and not undecided  # its updates may be those of another route now
        if marker.route in names or (gone and not people_on(branch, checkout, request)):
            change = Change(
                target=target,
                base=checkout.branch,
                branch=branch,
                mode="pull-request",
                route=marker.route,
            )
            stale.append(change)
    return tuple(stale)
