"""Parse values of HTTP headers. Pure: text from the network in, a value or None out."""

from __future__ import annotations

import email.utils
import math

_LONGEST = 1_000_000_000
"""A wait of more seconds than this is a time, in seconds since 1970."""


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a Retry-After header with seconds or a date; None when not valid.

    `now` is in seconds since 1970; the response's own Date is best.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        date = parse_date(text)
        return None if date is None else max(0.0, date - now)
    return seconds_until(seconds, now) if math.isfinite(seconds) else None


def seconds_until(given: float, now: float) -> float:
    """Seconds to wait, from a number of seconds, or from a time, as some servers send it."""
    return max(0.0, given - now if given > _LONGEST else float(given))


def parse_date(value: str | None) -> float | None:
    """An HTTP date in seconds since 1970."""
    try:
        return email.utils.parsedate_to_datetime(value or "").timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
