"""What a response says of its host's limits: how long to wait, and what is left. Pure.

`Retry-After` by RFC 9110, and what registries really send: Go's durations (`880µs`, `1m30s`) in the
header or in the text of the body (GHCR), and the resets of the `ratelimit-*` headers.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from imagebot.http.headers import parse_date, parse_retry_after, seconds_until
from imagebot.http.message import Response
from imagebot.values import dataclass

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_PART = r"[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|µs|μs|ms|s|m|h)"
_DURATION_RE = re.compile(rf"(?:{_PART})+")
_PART_RE = re.compile(r"([0-9.]+)([a-zµμ]+)")
# Nothing may follow that could be the rest of a number or of a unit: not even `Âµs`.
_TEXT_RE = re.compile(
    rf"(?i:retry-after):? *({_DURATION_RE.pattern}|[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?)(?!\.?\w|\\)"
)
_ESCAPED_MICRO_RE = re.compile(r"(?i:\\u00b5|\\u03bc)")
_MOST_READ = 4096
# Between values of a header that was sent twice, and joined by a proxy; there is one in dates, too.
_BETWEEN_RE = re.compile(r",(?! *[0-9]{1,2}[ -][A-Za-z])")
_NUMBER_RE = re.compile(r" *([0-9]{1,12}) *(?:[;,].*)?", re.DOTALL)
_WINDOW_RE = re.compile(r"; *w *= *([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class HeadRoom:
    """`remaining` of `limit` requests in a window of so many seconds; None is not known.

    `resets_in` is in seconds from the response on, which came at `seen`, in seconds since 1970.
    """

    remaining: int
    limit: int | None = None
    window: int | None = None
    resets_in: float | None = None
    seen: float = 0.0

    @property
    def resets_at(self) -> datetime | None:
        """When the window ends, as far as that is a date."""
        if self.resets_in is None:
            return None
        try:
            return datetime.fromtimestamp(self.seen + self.resets_in, UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def __str__(self) -> str:
        of = f" of {self.limit}" if self.limit is not None else ""
        window = f" in {_show(self.window)}" if self.window else ""
        anew = f", anew in {_show(round(self.resets_in))}" if self.resets_in is not None else ""
        return f"{self.remaining}{of} requests left{window}{anew}"


def requested_pause(response: Response, now: float) -> float | None:
    """The seconds to wait that a response asks for; None when it does not.

    `now` is in seconds since 1970, for responses without a Date.
    """
    pause = _pause_in_header(response, _date(response, now))
    if pause is None and response.status == 429:
        pause = _pause_in_text(response.body)
    if pause is None and response.status in (403, 429):
        room = read_head_room(response, now)
        pause = room.resets_in if room and room.remaining == 0 else None
    return pause


def is_limit(response: Response) -> bool:
    """Whether it is refused for now only: by 429, or by 403 with a wait, as GitHub does it."""
    said = response.status == 403 and requested_pause(response, 0.0) is not None
    return said or response.status == 429


def _pause_in_header(response: Response, now: float) -> float | None:
    """The longest where there are several."""
    pauses = []
    for value in response.values("Retry-After"):
        for text in _BETWEEN_RE.split(value[:_MOST_READ]):
            pause = parse_retry_after(text, now)
            pauses.append(parse_duration(text) if pause is None else pause)
    return max((pause for pause in pauses if pause is not None), default=None)


def _pause_in_text(body: bytes) -> float | None:
    # The text may be in JSON, which may be cut off here.
    text = _ESCAPED_MICRO_RE.sub("µ", body[:_MOST_READ].decode(errors="replace"))
    found = _TEXT_RE.search(text)
    if found is None:
        return None
    return parse_duration(found[1] if found[1][-1].isalpha() else f"{found[1]}s")


def parse_duration(text: str) -> float | None:
    """Seconds of a duration as Go writes it: `1m30s`, `250ms`, `880µs`; None for anything else."""
    if _DURATION_RE.fullmatch(text.strip()) is None:
        return None
    parts = _PART_RE.findall(text.replace("µ", "u").replace("μ", "u"))
    return math.fsum(float(number) * _SECONDS[unit] for number, unit in parts)


def read_head_room(response: Response, now: float) -> HeadRoom | None:
    """What is left of a limit, by the headers of Docker Hub, the IETF's drafts, or GitHub."""
    # Few responses have one, and every response is asked.
    if not any("ratelimit" in name.lower() for name, _ in response.headers):
        return None
    for prefix in ("ratelimit-", "x-ratelimit-"):
        remaining = response.header(f"{prefix}remaining") or ""
        left = _number(remaining)
        if left is None:
            continue
        limit = response.header(f"{prefix}limit") or ""
        window = _WINDOW_RE.search(limit) or _WINDOW_RE.search(remaining)
        reset = _number(response.header(f"{prefix}reset") or "")
        resets_in = None if reset is None else seconds_until(reset, _date(response, now))
        return HeadRoom(left, _number(limit), int(window[1]) if window else None, resets_in)
    return _read_one_field(response)


def _read_one_field(response: Response) -> HeadRoom | None:
    """By the IETF's later drafts: `RateLimit: "hour";r=50;t=30`, of several the one with the least
    left; and by the one before those, `limit=100, remaining=50, reset=30`."""
    given, policies = (_items(response.header(name)) for name in ("RateLimit", "RateLimit-Policy"))
    pairs = (name.partition("=") for name in given)
    flat = {key: number for key, _, text in pairs if (number := _number(text)) is not None}
    if "remaining" in flat:
        policy = policies.get(str(flat.get("limit")), {})
        return HeadRoom(flat["remaining"], flat.get("limit"), policy.get("w"), flat.get("reset"))
    rooms = []
    for name, found in given.items():
        if "r" in found:
            policy = policies.get(name, {})
            rooms.append(HeadRoom(found["r"], policy.get("q"), policy.get("w"), found.get("t")))
    return min(rooms, key=lambda room: room.remaining, default=None)


def _items(text: str | None) -> dict[str, dict[str, int]]:
    """The numbers among the parameters of each item of a list, by its name, without quotes."""
    found: dict[str, dict[str, int]] = {}
    for item in (text or "")[:_MOST_READ].split(","):
        name, *parameters = item.split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        numbers = {
            key.strip(): number for key, _, value in pairs if (number := _number(value)) is not None
        }
        found[name.strip().strip('"')] = numbers
    return found


def _date(response: Response, now: float) -> float:
    """When it was sent, by the clock of who sent it, in seconds since 1970; else `now`."""
    date = parse_date(response.header("Date"))
    return now if date is None else date


def _number(text: str) -> int | None:
    found = _NUMBER_RE.fullmatch(text)
    return int(found[1]) if found else None


def _show(seconds: int) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
