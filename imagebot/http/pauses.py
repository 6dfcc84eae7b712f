"""What a response says of its host's limits: how long to wait, and what is left. Pure.

`Retry-After` by RFC 9110, and what registries really send: Go's durations (`880µs`, `1m30s`) in the
header or in the text of the body (GHCR), and the resets of the `ratelimit-*` headers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from imagebot.http.headers import parse_date, parse_retry_after
from imagebot.http.message import Response

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_PART = r"[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|µs|μs|ms|s|m|h)"
_DURATION_RE = re.compile(rf"(?:{_PART})+")
_PART_RE = re.compile(r"([0-9.]+)([a-zµμ]+)")
_TEXT_RE = re.compile(rf"(?i:retry-after):? *({_DURATION_RE.pattern}|[0-9]{{1,9}}(?![0-9.a-zµμ]))")
_MOST_READ = 4096
_NUMBER_RE = re.compile(r" *([0-9]{1,12}) *(?:[;,].*)?", re.DOTALL)
_WINDOW_RE = re.compile(r"; *w *= *([0-9]{1,9})")
# A reset of more seconds than this is a date, in seconds since 1970.
_LONGEST_RESET = 1_000_000_000


@dataclass(frozen=True, slots=True)
class HeadRoom:
    """`remaining` of `limit` requests in a window of so many seconds; None is not known.

    `resets_in` is in seconds from the response on.
    """

    remaining: int
    limit: int | None = None
    window: int | None = None
    resets_in: float | None = None

    def __str__(self) -> str:
        of = f" of {self.limit}" if self.limit is not None else ""
        window = f" in {_show(self.window)}" if self.window else ""
        return f"{self.remaining}{of} requests left{window}"


def requested_pause(response: Response, now: float) -> float | None:
    """The seconds to wait that a response asks for; None when it does not.

    `now` is in seconds since 1970, for responses without a Date.
    """
    date = parse_date(response.header("Date"))
    header = response.header("Retry-After")
    pause = parse_retry_after(header, now if date is None else date)
    if pause is None:
        pause = parse_duration(header or "")
    if pause is None and response.status == 429:
        pause = _pause_in_text(response.body)
    if pause is None and response.status == 429:
        room = read_head_room(response, now)
        pause = room.resets_in if room and room.remaining == 0 else None
    return pause


def _pause_in_text(body: bytes) -> float | None:
    found = _TEXT_RE.search(body[:_MOST_READ].decode(errors="replace"))
    if found is None:
        return None
    return float(found[1]) if found[1].isdigit() else parse_duration(found[1])


def parse_duration(text: str) -> float | None:
    """Seconds of a duration as Go writes it: `1m30s`, `250ms`, `880µs`; None for anything else."""
    if _DURATION_RE.fullmatch(text.strip()) is None:
        return None
    parts = _PART_RE.findall(text.replace("µ", "u").replace("μ", "u"))
    return math.fsum(float(number) * _SECONDS[unit] for number, unit in parts)


def read_head_room(response: Response, now: float) -> HeadRoom | None:
    """What is left of a limit, by the headers of Docker Hub, the IETF's drafts, or GitHub."""
    for prefix in ("ratelimit-", "x-ratelimit-"):
        remaining = response.header(f"{prefix}remaining") or ""
        left = _number(remaining)
        if left is None:
            continue
        limit = response.header(f"{prefix}limit") or ""
        window = _WINDOW_RE.search(limit) or _WINDOW_RE.search(remaining)
        reset = _number(response.header(f"{prefix}reset") or "")
        if reset is not None and reset > _LONGEST_RESET:
            date = parse_date(response.header("Date"))
            reset -= int(now if date is None else date)
        resets_in = None if reset is None else float(max(0, reset))
        return HeadRoom(left, _number(limit), int(window[1]) if window else None, resets_in)
    return None


def _number(text: str) -> int | None:
    found = _NUMBER_RE.fullmatch(text)
    return int(found[1]) if found else None


def _show(seconds: int) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
