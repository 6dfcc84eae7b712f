"""Whether there is anything to publish, or to look at on the forge."""

from __future__ import annotations

from imagebot.config.model import Configuration
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Plan


def is_anything_due(plan: Plan, configuration: Configuration, checkout: Checkout) -> bool:
    """Whether publishing the plan can do or report anything."""
    return bool(plan.updates) or may_have_pull_requests(configuration, checkout)


def may_have_pull_requests(configuration: Configuration, checkout: Checkout) -> bool:
    """Whether the bot may have open pull requests: they are looked at in every pass."""
    routes = configuration.routes
    return bool(checkout.bot_branches()) or any(r.publish == "pull-request" for r in routes)
