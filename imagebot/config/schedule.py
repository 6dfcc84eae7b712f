"""When the daemon looks at something without being told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from imagebot.values import dataclass

_FIELDS = 5
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_HINT = "write five fields and a time zone: 0 6 * * mon-fri Europe/Berlin"


class InvalidScheduleError(ValueError):
    """A text that is not a schedule; `hint` says what to write."""

    def __init__(self, reason: str, hint: str = _HINT) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so many seconds or, where there is a `cron` expression, whenever the clocks of `zone`
    say so. An hour that they skip or repeat is treated as Debian's cron does."""

    seconds: float = 300.0
    cron: str = ""
    zone: str = "UTC"

    def next_time(self, now: datetime) -> datetime:
        """The first moment after `now`, which has a time zone; in UTC for an expression."""
        if not self.cron:
            return now + timedelta(seconds=self.seconds)
        from cronsim import CronSim

        return next(CronSim(self.cron, now.astimezone(ZoneInfo(self.zone)))).astimezone(UTC)


def parse_schedule(text: str) -> Schedule:
    """The five fields of a cron expression, and a time zone, else UTC.

    Raises InvalidScheduleError, also where the library for it is not installed.
    """
    fields = text.split()
    cron, zone = " ".join(fields[:_FIELDS]), " ".join(fields[_FIELDS:]) or "UTC"
    try:
        from cronsim import CronSim, CronSimError
    except ImportError as error:
        reason = "cron expressions need the daemon's libraries"
        raise InvalidScheduleError(reason, "install imagebot[serve]") from error
    try:
        CronSim(cron, _SOME_DAY)
    except CronSimError as error:
        raise InvalidScheduleError(f"not a cron expression: {error}") from error
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidScheduleError(f"{zone!r} is not a time zone") from error
    return Schedule(0.0, cron, zone)
