"""What the bot's own file allows a target. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from imagebot.config.model import Limits, Route
from imagebot.errors import Problem
from imagebot.glob import matches_any
from imagebot.plan.model import Update
from imagebot.reference import Repository


@dataclass(frozen=True, slots=True)
class Limited:
    """The updates that may be published, in their order, and a problem for what may not."""

    allowed: tuple[Update, ...]
    problems: tuple[Problem, ...]


def may_ask(limits: Limits, repository: Repository) -> bool:
    """Whether the registry may be asked about a repository at all."""
    return limits.images is None or matches_any(limits.images, str(repository))


def within_limits(
    updates: Sequence[Update],
    limits: Limits,
    routes: Sequence[Route],
    target: str = "",
    settled: Callable[[tuple[Update, ...]], Collection[str]] = lambda _: (),
) -> Limited:
    """Hold a target's updates against its limits.

    A file that its route commits to directly and `limits.commit` does not cover keeps its
    updates back. More updates than `max_updates` and none is published: a plan that large is a
    mistake more often than not, and half of it would be a guess. `settled` is asked, when there
    are too many, for the ids of those that a pass has nothing to do for: they do not count.
    """
    by_name = {route.name: route for route in routes}
    allowed: list[Update] = []
    refused: dict[str, Update] = {}
    for update in updates:
        route = by_name.get(update.route)
        if route is not None and not _may_publish(limits, route, update):
            refused.setdefault(update.field.path, update)
        else:
            allowed.append(update)
    problems = [_commit_problem(update, target) for update in refused.values()]
    if limits.max_updates is not None and len(allowed) > limits.max_updates:
        done = settled(tuple(allowed))
        count = sum(update.id not in done for update in allowed)
        if count > limits.max_updates:
            problems.append(_too_many(count, limits.max_updates, target))
            allowed = []
    return Limited(tuple(allowed), tuple(problems))


def _may_publish(limits: Limits, route: Route, update: Update) -> bool:
    if route.publish != "commit" or limits.commit is None:
        return True
    return matches_any(limits.commit, update.field.path)


def _commit_problem(update: Update, target: str) -> Problem:
    return Problem(
        scope="file",
        subject=target or update.field.path,
        path=update.field.path,
        code="limit-commit",
        message=f"route {update.route!r} may not commit to this file directly: limits.commit",
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
