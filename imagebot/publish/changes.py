"""A plan's updates, grouped as they are published. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field

from imagebot.config.model import PublishMode, PullRequestOptions, Route
from imagebot.plan.model import Plan, Update
from imagebot.publish.lost_tags import tag_ids
from imagebot.publish.text import branch_name
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """A configuration that has no longer a route: its version, and since when, in seconds.

    `version` is a commit, or the hash of a file that is in no repository.
    """

    version: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Updates that are published together, or a pull request that is to be closed or kept.

    `base` is the target's branch, `branch` the one that is pushed to. `route` names the routes
    of a commit, with commas between. `configuration` is the hash of the one that the route is of,
    `policies` are the fingerprints of those that the updates are by. `notes` are lines of text for
    the pull request: what it waits for, what is not known. `trailers` are `Key: value` lines that
    its commit has besides the usual ones. `unlisted` are those of the current tags that the
    registry does not list, and did not when they were first to be replaced (`lost_tags.tag_ids`).
    `gone` when it has lost a tag since, `frozen` when its branch must stay as it is, whatever the
    updates.

    `closing` is the comment that closes it, "" for one that stays. `ending` says that its route is
    gone, since when.
    """

    target: str
    base: str
    branch: str
    mode: PublishMode
    route: str
    updates: tuple[Update, ...] = ()
    options: PullRequestOptions = field(default_factory=PullRequestOptions)
    configuration: str = ""
    policies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    gone: bool = False
    frozen: bool = False
    closing: str = ""
    ending: Ending | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it touches, in the order of the plan."""
        return tuple(dict.fromkeys(update.field.path for update in self.updates))


def changes_of(
    plan: Plan,
    routes: Sequence[Route],
    *,
    target: str,
    base: str,
    configuration: str = "",
    fingerprint: Callable[[str], str] = str,
) -> tuple[Change, ...]:
    """The commit first, then the pull requests in the order of the routes and of the plan.

    `fingerprint` tells policies apart, by name. Raises KeyError for an update whose route is none
    of `routes`.
    """
    modes = {route.name: route.publish for route in routes}
    direct = tuple(update for update in plan.updates if modes[update.route] == "commit")
    changes = []
    if direct:
        names = ", ".join(dict.fromkeys(update.route for update in direct))
        changes.append(
            Change(
                target=target,
                base=base,
                branch=base,
                mode="commit",
                route=names,
                updates=direct,
            )
        )
    for route in routes:
        if route.publish != "pull-request":
            continue
        mine = [update for update in plan.updates if update.route == route.name]
        changes += [
            Change(
                target=target,
                base=base,
                branch=branch,
                mode="pull-request",
                route=route.name,
                updates=updates,
                options=route.pull_request,
                configuration=configuration,
                policies=fingerprints(updates, fingerprint),
                unlisted=tag_ids(updates),
            )
            for group, updates in _groups(mine, route.pull_request.group)
            for branch in (branch_name(base=base, route=route.name, group=group),)
        ]
    return tuple(changes)


def fingerprints(updates: Iterable[Update], fingerprint: Callable[[str], str]) -> tuple[str, ...]:
    """Those of the policies that the updates are by, in order."""
    names = {update.decision.policy for update in updates}
    return tuple(sorted({fingerprint(name) for name in names}))


def _groups(updates: Iterable[Update], group: str) -> tuple[tuple[str, tuple[Update, ...]], ...]:
    """`repository`: one pull request for each image. Any other name: one for all of them."""
    found: dict[str, list[Update]] = {}
    for update in updates:
        key = str(update.field.reference.repository) if group == "repository" else group
        found.setdefault(key, []).append(update)
    return tuple((key, tuple(members)) for key, members in found.items())
