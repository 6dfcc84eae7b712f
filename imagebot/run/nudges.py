"""Nudges as a part of a pass, after everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagebot.run.passes import PassContext, PassResult


def with_nudges(context: PassContext, result: PassResult) -> PassResult:
    """The result of a pass, once those who deploy have been told of its commits.

    Whoever could not be told is a problem in the plan.
    """
    if not context.bot.nudges or not any(each.status == "committed" for each in result.published):
        return result
    from imagebot.nudge.nudge import nudge

    nudged = nudge(
        context.bot,
        result,
        environment=context.environment,
        vault=context.vault,
        stop=context.stop,
    )
    problems = tuple(each.problem for each in nudged if each.problem is not None)
    plan = replace(result.plan, problems=(*result.plan.problems, *problems))
    return replace(result, plan=plan, nudged=nudged)
