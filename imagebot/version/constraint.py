"""What one constraint of a range means: an interval, or a hole in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imagebot.version.precedence import LOWEST, Key, Pre


@dataclass(frozen=True, slots=True)
class VersionInterval:
    """Versions between two keys; `high` None has no end."""

    low: Key = (0, 0, 0, LOWEST)
    low_included: bool = True
    high: Key | None = None
    high_included: bool = False

    def covers(self, key: Key) -> bool:
        if key < self.low or (key == self.low and not self.low_included):
            return False
        if self.high is None or key < self.high:
            return True
        return key == self.high and self.high_included

    def intersect(self, other: VersionInterval) -> VersionInterval:
        low, low_included = self.low, self.low_included
        if (other.low, not other.low_included) > (low, not low_included):
            low, low_included = other.low, other.low_included
        high, high_included = self.high, self.high_included
        if other.high is not None and (
            high is None or (other.high, other.high_included) < (high, high_included)
        ):
            high, high_included = other.high, other.high_included
        return VersionInterval(low, low_included, high, high_included)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A hole: the first `given` numbers, with `pre` when more than the first is given.

    `!=4.1` takes out the releases of 4.1, and `!=4.1-alpha` every 4.1.x-alpha but not 4.1.0, as
    the tests of Masterminds/semver have it.
    """

    key: Key
    given: int

    def covers(self, key: Key) -> bool:
        if key[: self.given] != self.key[: self.given]:
            return False
        return self.given == 1 or key[3] == self.key[3]


@dataclass(frozen=True, slots=True)
class Constraint:
    """An operator and a version of which the first `given` numbers are written, the rest zero."""

    operator: str
    numbers: tuple[int, int, int]
    given: int
    pre: Pre

    @property
    def key(self) -> Key:
        return (*self.numbers, self.pre)

    def meaning(self) -> VersionInterval | Excluded:
        if self.operator == "!=":
            return Excluded(self.key, self.given)
        return _MEANINGS[self.operator](self)


def _equal(constraint: Constraint) -> VersionInterval:
    if constraint.given == 3:
        return VersionInterval(constraint.key, True, constraint.key, True)
    return _tilde(constraint)


def _greater(constraint: Constraint) -> VersionInterval:
    if constraint.given == 3:
        return VersionInterval(constraint.key, low_included=False)
    return VersionInterval(_after(constraint, constraint.given))


def _at_least(constraint: Constraint) -> VersionInterval:
    return VersionInterval(constraint.key)


def _less(constraint: Constraint) -> VersionInterval:
    return VersionInterval(high=constraint.key)


def _at_most(constraint: Constraint) -> VersionInterval:
    if constraint.given == 0:
        return VersionInterval()
    if constraint.given == 3:
        return VersionInterval(high=constraint.key, high_included=True)
    return VersionInterval(high=_after(constraint, constraint.given))


def _tilde(constraint: Constraint) -> VersionInterval:
    # `~0.0.0` is `>=0.0.0` there, as `~*` is: see TestConstraintsCheck of Masterminds/semver.
    if constraint.given in (0, 3) and constraint.numbers == (0, 0, 0):
        return VersionInterval(constraint.key)
    return VersionInterval(constraint.key, high=_after(constraint, min(constraint.given, 2)))


def _caret(constraint: Constraint) -> VersionInterval:
    if constraint.given == 0:
        return VersionInterval(constraint.key)
    fixed = next((i + 1 for i, number in enumerate(constraint.numbers) if number), 3)
    return VersionInterval(constraint.key, high=_after(constraint, min(fixed, constraint.given)))


def _after(constraint: Constraint, count: int) -> Key:
    """Just above every version that has the constraint's first `count` numbers."""
    numbers = [*constraint.numbers[:count], 0, 0]
    numbers[count - 1] += 1
    return (numbers[0], numbers[1], numbers[2] if count == 3 else 0, LOWEST)


_MEANINGS: dict[str, Callable[[Constraint], VersionInterval]] = {
    "": _equal,
    "=": _equal,
    ">": _greater,
    ">=": _at_least,
    "=>": _at_least,
    "<": _less,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}

OPERATORS: tuple[str, ...] = (">=", "=>", "<=", "=<", "!=", "~>", "=", ">", "<", "~", "^")
"""Longest first, for a reader that takes the first that fits."""
