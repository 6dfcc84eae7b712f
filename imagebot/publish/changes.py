"""A plan's updates, grouped as they are published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imagebot.config.model import PublishMode, PullRequestOptions, Route
from imagebot.plan.model import Plan, Update
from imagebot.publish.text import branch_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Updates that are published together; without any, a pull request that is to be closed.

    `base` is the target's branch, `branch` the one that is pushed to. `route` names the routes
    of a commit, with commas between. `complete` is false when something of the plan failed or is
    undecided, so that updates may be missing. `configuration` is the hash of the one that the route
    is of. `notes` are lines of text for the pull request: what it waits for, what is not known.
    `trailers` are `Key: value` lines that its commit has besides the usual ones.
    """

    target: str
    base: str
    branch: str
    mode: PublishMode
    route: str
    updates: tuple[Update, ...] = ()
    options: PullRequestOptions = field(default_factory=PullRequestOptions)
    complete: bool = True
    configuration: str = ""
    notes: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it touches, in the order of the plan."""
        return tuple(dict.fromkeys(update.field.path for update in self.updates))


def changes_of(
    plan: Plan, routes: Sequence[Route], *, target: str, base: str, configuration: str = ""
) -> tuple[Change, ...]:
    """The commit first, then the pull requests in the order of the routes and of the plan.

    Raises KeyError for an update whose route is none of `routes`.
    """
    modes = {route.name: route.publish for route in routes}
    complete = not plan.problems
    undecided = undecided_branches(plan, base=base)
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
                complete=complete,
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
                complete=complete and branch not in undecided,
                configuration=configuration,
            )
            for group, updates in _groups(mine, route.pull_request.group)
            for branch in (branch_name(base=base, route=route.name, group=group),)
        ]
    return tuple(changes)


def undecided_branches(plan: Plan, *, base: str) -> frozenset[str]:
    """The branches of pull requests that may have an update of a field that is undecided now.

    However the route groups its updates, and did so before.
    """
    return frozenset(
        branch_name(base=base, route=kept.route, group=group)
        for kept in plan.kept
        if kept.route and not kept.decision.settled
        for group in ("all", str(kept.field.reference.repository))
    )


def _groups(updates: Iterable[Update], group: str) -> tuple[tuple[str, tuple[Update, ...]], ...]:
    """`repository`: one pull request for each image. Any other name: one for all of them."""
    found: dict[str, list[Update]] = {}
    for update in updates:
        key = str(update.field.reference.repository) if group == "repository" else group
        found.setdefault(key, []).append(update)
    return tuple((key, tuple(members)) for key, members in found.items())
