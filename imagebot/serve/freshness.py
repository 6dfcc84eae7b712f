"""When the next scheduled pass is, and how old a registry's answers may be when it begins. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from imagebot.config.model import BotConfiguration, Target
from imagebot.config.schedule import Schedule
from imagebot.http.address import normalise_host
from imagebot.reference import Repository

_BY_CRON = 300.0
_JITTER = 0.1
"""Of the time until the next scheduled pass, so that those of many targets, and of many bots,
spread."""
_LATEST = 30.0


def schedule_of(bot: BotConfiguration, target: Target) -> Schedule:
    """The schedule of a target: its own, else the daemon's."""
    return target.schedule or (bot.serve.schedule if bot.serve else Schedule())


def seconds_until_next(schedule: Schedule, now: datetime, chance: float) -> float:
    """Seconds from `now` to the next pass: a little less than the interval, or at most 30 more than
    to the next time of a cron expression, and never before that. `chance` is from 0 to 1."""
    seconds = (schedule.next_time(now) - now).total_seconds()
    if schedule.cron:
        return seconds + chance * min(_LATEST, _JITTER * seconds)
    return seconds * (1 - _JITTER * chance)


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
