"""Durations as people write them: `3d`, `12h`, `1w 2d`."""

from __future__ import annotations

import re
from datetime import timedelta

from imagebot.errors import InvalidPolicyError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PIECE = re.compile(r"\s*([0-9]{1,6})\s*([smhdw])(?![A-Za-z])")
# `3 days`, `90 sec`; months are not here, since `m` is minutes.
_SPELT_OUT = re.compile(r"\s*([0-9]{1,6})\s*(?!mo)([smhdw])[a-z]+\s*", re.IGNORECASE)
_HINT = "write a number and one of s, m, h, d, w, as in 3d or 1w 2d"
_LONGEST = timedelta(days=3650)


def parse_duration(key: str, text: object) -> timedelta:
    """The sum of the pieces. Raises InvalidPolicyError for `key`."""
    if not isinstance(text, str):
        raise InvalidPolicyError(key, f"not a valid duration: {text!r}", hint=_HINT)
    total, position = timedelta(), 0
    while match := _PIECE.match(text, position):
        total += timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        position = match.end()
    rest = text[position:].lstrip()
    if rest or not text.strip():
        at = len(text) - len(rest)
        reason = f"not a valid duration: {text!r}"
        raise InvalidPolicyError(key, reason, position=at, hint=_hint(text))
    if total > _LONGEST:
        raise InvalidPolicyError(key, f"longer than ten years: {text!r}", hint=_HINT)
    return total


def _hint(text: str) -> str:
    spelt = _SPELT_OUT.fullmatch(text)
    return f"write {spelt[1]}{spelt[2].lower()}" if spelt else _HINT


def show_duration(duration: timedelta) -> str:
    """The shortest way to write it, `0s` for none."""
    seconds = int(duration.total_seconds())
    pieces = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count:
            pieces.append(f"{count}{unit}")
    return " ".join(pieces) or "0s"
