"""How large a step between numbers is."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.policy.model import Size, UpdateType
from imagebot.version.precedence import Numbers, pad

_KEPT_NUMBERS: Mapping[Size, int] = {"patch": 2, "minor": 1, "major": 0}
_RANKS: Mapping[UpdateType, int] = {"digest": 0, "other": 1, "patch": 2, "minor": 3, "major": 4}


def kept_numbers(size: Size, *, of_platform: bool = False) -> int:
    """How many of the first numbers stay the same in a step of at most this size.

    The numbers of a platform, as in php8.2, are all its major version.
    """
    if of_platform and size == "minor":
        return _KEPT_NUMBERS["patch"]
    return _KEPT_NUMBERS[size]


def step(old: Numbers, new: Numbers, *, of_platform: bool = False) -> UpdateType:
    """By the first number that differs; everything from the third on is a patch."""
    if of_platform and pad(old)[:2] != pad(new)[:2]:
        return "major"
    from semver import Version

    before, after = Version(*pad(old)), Version(*pad(new))
    if before.major != after.major:
        return "major"
    return "minor" if before.minor != after.minor else "patch"


def larger(one: UpdateType | None, other: UpdateType) -> UpdateType:
    """The larger of two steps."""
    return other if one is None or _RANKS[other] > _RANKS[one] else one


def fits(size: UpdateType, allowed: Size) -> bool:
    """Whether a step is at most so large."""
    return _RANKS[size] <= _RANKS[allowed]
