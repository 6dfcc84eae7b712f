"""How old a registry's answers may be when a pass begins. Pure."""

from __future__ import annotations

from collections.abc import Callable

from imagebot.config.model import BotConfiguration, Target
from imagebot.config.schedule import Schedule
from imagebot.http.address import normalise_host
from imagebot.reference import Repository

_BY_CRON = 300.0


def schedule_of(bot: BotConfiguration, target: Target) -> Schedule:
    """The schedule of a target: its own, else the daemon's."""
    return target.schedule or (bot.serve.schedule if bot.serve else Schedule())


def oldest(
    bot: BotConfiguration, target: Target, *, scheduled: bool
) -> Callable[[Repository], float]:
    """Seconds by repository, from the intervals of its registry and of the target.

    A pass that answers a hint takes what is no older than the interval. One that was scheduled
    comes an interval after the last, so it takes only what others have asked since half of that.
    """
    usual = schedule_of(bot, target).seconds or _BY_CRON
    intervals = {
        normalise_host(each.host): each.interval
        for each in bot.registries
        if each.interval is not None
    }

    def age(repository: Repository) -> float:
        interval = intervals.get(repository.registry, usual)
        if not scheduled:
            return interval
        return max(interval - usual / 2, interval / 2)

    return age
