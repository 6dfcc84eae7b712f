"""Windows: when a route may commit and open pull requests, such as `mon-fri 9-17 Europe/Berlin`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from imagebot.text import did_you_mean, excerpt
from imagebot.values import dataclass

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HINT = "write DAYS HOURS ZONE, such as mon-fri 9-17 Europe/Berlin"
_TIME = r"(\d{1,2})(?::([0-5]\d))?"
_HOURS_RE = re.compile(rf"{_TIME}-{_TIME}")
_ZONE_RE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)
# A window may fall into an hour that the clocks skip, but not for weeks.
_MOST_DAYS = 60


class InvalidWindowError(ValueError):
    """A text that is not a window; `hint` says what to write."""

    def __init__(self, reason: str, hint: str = _HINT) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Window:
    """Open on some `days` (0 is Monday) from `start` to before `end`, in minutes after midnight.

    The minutes are those of the clocks in `zone`. Where `end` is not after `start`, the window ends
    on the day after. `text` is how it was written.
    """

    text: str
    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """`now` has a time zone."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        today = local.weekday() in self.days
        if self.start < self.end:
            return today and self.start <= minute < self.end
        yesterday = (local.weekday() - 1) % 7 in self.days
        return (today and minute >= self.start) or (yesterday and minute < self.end)

    def next_open(self, now: datetime) -> datetime | None:
        """When it opens, in UTC; `now` if it is open. None for a window that never does."""
        if self.is_open(now):
            return now.astimezone(UTC)
        first = now.astimezone(self.zone).date()
        begin = time(self.start // 60, self.start % 60, tzinfo=self.zone)
        for number in range(_MOST_DAYS):
            for moment in _moments(datetime.combine(first + timedelta(days=number), begin)):
                if moment > now and self.is_open(moment):
                    return moment
        return None


def _moments(local: datetime) -> Iterator[datetime]:
    """When clocks may show a time, in UTC: twice where they are put back over it.

    Where they skip it, every minute about that: it is not shown, but a later one is.
    """
    both = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    between = (both[1] - both[0]) // _MINUTE
    return (both[0] + _MINUTE * number for number in range(between + 1))


def parse_window(text: str) -> Window:
    """Raises InvalidWindowError."""
    words = text.split()
    if len(words) != 3:
        raise InvalidWindowError(f"not a window: {excerpt(text)!r}")
    days, hours, zone = words
    start, end = _hours(hours)
    return Window(" ".join(words), _days(days), start, end, _zone(zone))


def _days(text: str) -> frozenset[int]:
    """`mon-fri`, `tue`, `mon,wed,fri-sat`; a range may go past the end of the week."""
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        for name in (first, last) if dash else (first,):
            if name not in _DAYS:
                raise InvalidWindowError(
                    f"not a day: {excerpt(name)!r}", f"one of {' '.join(_DAYS)}"
                )
        at = _DAYS.index(first)
        count = (_DAYS.index(last) - at) % 7 if dash else 0
        found.update((at + number) % 7 for number in range(count + 1))
    return frozenset(found)


def _hours(text: str) -> tuple[int, int]:
    """`9-17`, `08:30-12`, `22-6`."""
    match = _HOURS_RE.fullmatch(text)
    if match is None:
        raise InvalidWindowError(f"not hours: {excerpt(text)!r}", "write 9-17 or 08:30-12:00")
    start = int(match[1]) * 60 + int(match[2] or 0)
    end = int(match[3]) * 60 + int(match[4] or 0)
    if start >= _MINUTES or end > _MINUTES:
        raise InvalidWindowError(f"not hours of a day: {text!r}", "the last is 24")
    if start == end:
        raise InvalidWindowError(f"never open: {text!r}", "a whole day is 0-24")
    return start, end


def _zone(text: str) -> ZoneInfo:
    """A name of the IANA time zone database."""
    try:
        # Not the names that only some machines have, such as localtime.
        return ZoneInfo(text if _ZONE_RE.fullmatch(text) else "-")
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        hint = did_you_mean(text, available_timezones()) or "a name such as Europe/Berlin, or UTC"
        raise InvalidWindowError(f"not a time zone: {excerpt(text)!r}", hint) from error
