"""When targets are looked at without being told to, and with how old answers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.config.model import BotConfiguration, Target
from imagebot.config.model_serve import ServeOptions
from imagebot.config.schedule import Schedule, parse_schedule
from imagebot.serve.freshness import schedule_of, seconds_until_next

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MORNING = parse_schedule("0 6 * * * Europe/Berlin")
OWN = parse_schedule("30 5 * * * UTC")


def next_passes(bot: BotConfiguration, target: Target, number: int) -> list[datetime]:
    """Each begins as soon as it may after the one before."""
    moments, now, chance = [], NOW, random.Random(1)
    for _ in range(number):
        now += timedelta(seconds=seconds_until_next(schedule_of(bot, target), now, chance.random()))
        moments.append(now)
    return moments


@pytest.mark.parametrize(
    ("of_target", "of_daemon", "hour", "minute"),
    [(None, MORNING, 5, 0), (OWN, MORNING, 5, 30), (OWN, Schedule(), 5, 30)],
)
def test_a_cron_expression_is_kept_wherever_it_is(
    of_target: Schedule | None, of_daemon: Schedule, hour: int, minute: int
) -> None:
    url = "https://git.example/one.git"
    target = Target(name="one", url=url, branch="main", schedule=of_target)
    bot = BotConfiguration(path="", targets=(target,), serve=ServeOptions(schedule=of_daemon))
    for day, moment in enumerate(next_passes(bot, target, 5), start=1):
        wanted = (NOW + timedelta(days=day)).replace(hour=hour, minute=minute)
        assert wanted <= moment <= wanted + timedelta(seconds=30)


def test_an_interval_is_a_little_shorter_each_time() -> None:
    target = Target(name="one", url="https://git.example/one.git", branch="main")
    bot = BotConfiguration(path="", targets=(target,))
    before = NOW
    for moment in next_passes(bot, target, 50):
        assert 270 <= (moment - before).total_seconds() <= 300
        before = moment
