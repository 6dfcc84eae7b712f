"""Checks whom the bot's own file has told of commits."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.config.model_serve import Nudge
from imagebot.errors import ImagebotError
from imagebot.nudge.probe import probe
from imagebot.parallel.threads import map_at_once
from imagebot.run.check import Check
from imagebot.run.passes import PassContext

_AT_ONCE = 16


def check_nudges(context: PassContext) -> Iterator[Check]:
    """Whether the secrets can be read and the hosts answer, of what concerns the targets."""
    names = {target.name for target in context.bot.targets}
    concerned = [
        each for each in context.bot.nudges if not each.targets or names & set(each.targets)
    ]

    def check(nudge: Nudge) -> Check:
        try:
            found = probe(
                nudge, environment=context.environment, vault=context.vault, stop=context.stop
            )
        except ImagebotError as error:
            return Check.failed(f"nudge {nudge}", error)
        return Check(True, f"nudge {nudge}", found)

    yield from map_at_once(check, concerned, workers=_AT_ONCE)
