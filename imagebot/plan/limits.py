"""What the bot's own file allows a target. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from imagebot.config.model import Limits, Route
from imagebot.glob import matches_any
from imagebot.plan.model import Plan, Update
from imagebot.problem import Problem
from imagebot.reference import Repository
from imagebot.values import dataclass

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LimitedPlan:
    """A plan within its target's limits.

    `plan` is whole, with a problem for what may not be published; `allowed` is the same plan with
    only the updates that may be.
    """

    plan: Plan
    allowed: Plan


def may_ask(limits: Limits, repository: Repository) -> bool:
    """Whether the registry may be asked about a repository at all."""
    return limits.images is None or matches_any(limits.images, str(repository))


def apply_limits(
    plan: Plan,
    limits: Limits,
    routes: Sequence[Route],
    target: str = "",
    *,
    settled: Collection[str] = (),
    companions: Mapping[str, str] = _NONE,
) -> LimitedPlan:
    """Keep a target's updates within its limits.

    A file that its route commits to directly and `limits.commit` does not cover keeps its updates
    back. When there are more updates than `max_updates`, none is published: a plan that large is
    usually a mistake, and half of it would be a guess. `settled` has the ids of updates that a
    pass has nothing left to do for: they do not count. `companions` are the files that change
    with others, by the paths of these.
    """
    by_name = {route.name: route for route in routes}
    allowed: list[Update] = []
    refused: dict[str, Update] = {}
    for update in plan.updates:
        route = by_name.get(update.route)
        path = update.field.path
        touched = [each for each in (path, companions.get(path)) if each is not None]
        kept = [] if route is None else [p for p in touched if not may_publish(limits, route, p)]
        if kept:
            refused.setdefault(kept[0], update)
        else:
            allowed.append(update)
    problems = [_commit_problem(path, update, target) for path, update in refused.items()]
    count = sum(update.id not in settled for update in allowed)
    if exceeds_max_updates(count, limits):
        assert limits.max_updates is not None
        problems.append(_too_many(count, limits.max_updates, target))
        allowed = []
    plan = replace(plan, problems=(*plan.problems, *problems))
    return LimitedPlan(plan, replace(plan, updates=tuple(allowed)))


def exceeds_max_updates(count: int, limits: Limits) -> bool:
    """Whether so many updates are more than the target may have in one pass."""
    return limits.max_updates is not None and count > limits.max_updates


def may_publish(limits: Limits, route: Route, path: str) -> bool:
    """Whether a route may publish what it changes in a file."""
    if route.publish != "commit" or limits.commit is None:
        return True
    return matches_any(limits.commit, path)


def _commit_problem(path: str, update: Update, target: str) -> Problem:
    return Problem(
        scope="file",
        subject=target or path,
        path=path,
        code="limit-commit",
        message=f"not allowed by `limits.commit`: route {update.route!r} commits to this file",
        hint="publish it by pull request, or widen limits.commit of the target in the bot's file",
    )


def _too_many(count: int, most: int, target: str) -> Problem:
    return Problem(
        scope="target",
        subject=target,
        code="limit-max-updates",
        message=f"{count} updates are more than limits.max-updates allows ({most}); "
        "none was published",
        hint="look at the plan, then raise max-updates of the target in the bot's file",
    )
