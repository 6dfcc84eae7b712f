"""What one constraint of a range means: an interval, or a hole in one."""

from __future__ import annotations

from collections.abc import Callable

from semver import Version

from imagebot.values import dataclass

LOWEST_PRERELEASE = "0"
"""No pre-release of the same numbers is lower."""
_LOWEST = Version(0, 0, 0, LOWEST_PRERELEASE)


@dataclass(frozen=True, slots=True)
class VersionInterval:
    """Versions between two others; `high` None has no end."""

    low: Version = _LOWEST
    low_included: bool = True
    high: Version | None = None
    high_included: bool = False

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
    """A hole: the first `given` numbers, with the pre-release when more than one is given.

    `!=4.1` takes out the releases of 4.1, and `!=4.1-alpha` every 4.1.x-alpha but not 4.1.0, as
    the tests of Masterminds/semver have it.
    """

    version: Version
    given: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """An operator and a version of which the first `given` numbers are written, the rest zero."""

    operator: str
    version: Version
    given: int

    def meaning(self) -> VersionInterval | Excluded:
        if self.operator == "!=":
            return Excluded(self.version, self.given)
        return _MEANINGS[self.operator](self)


def _equal(constraint: Constraint) -> VersionInterval:
    if constraint.given == 3:
        return VersionInterval(constraint.version, True, constraint.version, True)
    return _tilde(constraint)


def _greater(constraint: Constraint) -> VersionInterval:
    if constraint.given == 3:
        return VersionInterval(constraint.version, low_included=False)
    return VersionInterval(_after(constraint, constraint.given))


def _at_least(constraint: Constraint) -> VersionInterval:
    return VersionInterval(constraint.version)


def _less(constraint: Constraint) -> VersionInterval:
    return VersionInterval(high=constraint.version)


def _at_most(constraint: Constraint) -> VersionInterval:
    if constraint.given == 0:
        return VersionInterval()
    if constraint.given == 3:
        return VersionInterval(high=constraint.version, high_included=True)
    return VersionInterval(high=_after(constraint, constraint.given))


def _tilde(constraint: Constraint) -> VersionInterval:
    # `~0.0.0` is `>=0.0.0` there, as `~*` is: see TestConstraintsCheck of Masterminds/semver.
    if constraint.given in (0, 3) and constraint.version.to_tuple()[:3] == (0, 0, 0):
        return VersionInterval(constraint.version)
    return VersionInterval(constraint.version, high=_after(constraint, min(constraint.given, 2)))


def _caret(constraint: Constraint) -> VersionInterval:
    if constraint.given == 0:
        return VersionInterval(constraint.version)
    fixed = next((i + 1 for i, number in enumerate(constraint.version.to_tuple()[:3]) if number), 3)
    return VersionInterval(
        constraint.version, high=_after(constraint, min(fixed, constraint.given))
    )


def _after(constraint: Constraint, count: int) -> Version:
    """Just above every version that has the constraint's first `count` numbers."""
    version = constraint.version
    bumped = (version.bump_major(), version.bump_minor(), _next_patch(version))[count - 1]
    return bumped.replace(prerelease=LOWEST_PRERELEASE)


def _next_patch(version: Version) -> Version:
    """Unlike `bump_patch`, which makes a pre-release its release."""
    return version.finalize_version().bump_patch()


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
