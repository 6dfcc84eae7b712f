"""Whether there is anything to publish, or to look at on the forge."""

from __future__ import annotations

from imagebot.config.model import Configuration
from imagebot.plan.model import Plan
from imagebot.publish.context import PublishContext


def is_anything_due(plan: Plan, configuration: Configuration, context: PublishContext) -> bool:
    """Whether publishing the plan can do or report anything."""
    return bool(plan.updates) or may_have_pull_requests(configuration, context)


def may_have_pull_requests(configuration: Configuration, context: PublishContext) -> bool:
    """Whether the bot may have open pull requests: they are looked at in every pass.

    Where they outlive their branches, one may be left that was being closed.
    """
    if any(route.publish == "pull-request" for route in configuration.routes):
        return True
    forge = context.forge.forge
    outlive = forge is not None and not forge.limits.closes_with_branch
    return outlive or bool(context.checkout.bot_branches())
