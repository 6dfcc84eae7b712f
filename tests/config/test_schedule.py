"""Schedules: intervals, and cron expressions with time zones."""

from __future__ import annotations

from datetime import datetime

import pytest

from imagebot.config.schedule import InvalidScheduleError, Schedule, parse_schedule


@pytest.mark.parametrize(
    ("text", "now", "following"),
    [
        ("*/15 * * * *", "2026-03-01T10:07:00+00:00", "2026-03-01T10:15:00+00:00"),
        ("0 6 * * mon-fri Europe/Berlin", "2026-06-05T06:00:00+02:00", "2026-06-08T04:00:00+00:00"),
        ("0 6 * * mon-fri Europe/Berlin", "2026-12-04T04:59:59+00:00", "2026-12-04T05:00:00+00:00"),
        # The clocks skip from 2 to 3 on 29 March, and repeat the hour from 2 to 3 on 25 October.
        ("30 2 * * * Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        ("30 2 * * * Europe/Berlin", "2026-10-25T00:31:00+00:00", "2026-10-26T01:30:00+00:00"),
    ],
)
def test_next_time(text: str, now: str, following: str) -> None:
    found = parse_schedule(text).next_time(datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(following)


def test_an_interval_counts_from_now() -> None:
    now = datetime.fromisoformat("2026-03-01T10:00:00+00:00")
    assert Schedule(90.0).next_time(now) == datetime.fromisoformat("2026-03-01T10:01:30+00:00")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a cron expression"),
        ("every day", "not a cron expression"),
        ("61 * * * *", "not a cron expression"),
        ("0 6 * * mon-fry", "not a cron expression"),
        ("0 6 30 2 *", "not a cron expression"),
        ("0 6 * * 1 Europe/Bonn", "is not a time zone"),
        ("0 6 * * 1 ../etc/passwd", "is not a time zone"),
    ],
)
def test_what_is_no_schedule(text: str, reason: str) -> None:
    with pytest.raises(InvalidScheduleError, match=reason):
        parse_schedule(text)
