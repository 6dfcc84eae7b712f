"""Version ranges in the language of Masterminds/semver v3, which Flux, Argo CD and Kargo share.

https://github.com/Masterminds/semver#checking-version-constraints. Each AND group becomes one
interval with holes; `||` groups are independent of each other, also in whether they take
pre-releases: a group does when any of its constraints names one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from imagebot.values import dataclass
from imagebot.version.precedence import (
    RELEASE,
    Key,
    Numbers,
    Pre,
    Triple,
    key_of,
    pad,
    prerelease_key,
)

if TYPE_CHECKING:
    from semver import Version

    from imagebot.version.constraint import Constraint, Excluded, VersionInterval


@dataclass(frozen=True, slots=True)
class _Bounds:
    """An interval as plain keys, which are compared with every tag."""

    low: Key
    low_included: bool
    high: Key | None
    high_included: bool

    @property
    def is_open(self) -> bool:
        """Whether there is anything between the two."""
        if self.high is None or self.low < self.high:
            return True
        return self.low == self.high and self.low_included and self.high_included

    def covers(self, key: Key) -> bool:
        if key < self.low or (key == self.low and not self.low_included):
            return False
        if self.high is None or key < self.high:
            return True
        return key == self.high and self.high_included


@dataclass(frozen=True, slots=True)
class _Hole:
    """What `!=` takes out, as a plain key."""

    key: Key
    given: int

    def covers(self, key: Key) -> bool:
        if key[: self.given] != self.key[: self.given]:
            return False
        return self.given == 1 or key[3] == self.key[3]


@dataclass(frozen=True, slots=True)
class ConstraintGroup:
    """Constraints that hold together. `low` and `high` bound releases: low <= release < high."""

    bounds: _Bounds
    excluded: tuple[_Hole, ...]
    prereleases: bool
    low: Triple
    high: Triple | None

    def allows_release(self, numbers: Numbers) -> bool:
        if numbers < self.low or (self.high is not None and numbers >= self.high):
            return False
        key = (*pad(numbers), RELEASE)
        return not any(hole.covers(key) for hole in self.excluded)

    @property
    def is_empty(self) -> bool:
        """Whether the constraints contradict each other, as in >2 <1 and =1.2.3 !=1.2.3."""
        if self.prereleases and self.bounds.is_open:
            return False
        if self.high is None or self.high > _next(self.low):
            return False
        return self.high <= self.low or not self.allows_release(self.low)

    def allows(self, key: Key) -> bool:
        return self.bounds.covers(key) and not any(hole.covers(key) for hole in self.excluded)


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions. `text` is the range as written.

    With `any_prerelease`, every group takes the pre-releases between its bounds.
    """

    text: str
    groups: tuple[ConstraintGroup, ...] = field(compare=False, repr=False)
    any_prerelease: bool = False

    def allows(self, version: Version) -> bool:
        """Whether a version is in the range; build metadata does not count."""
        return self.allows_key(key_of(version))

    def allows_key(self, key: Key) -> bool:
        if key[3] == RELEASE:
            return self._allows_release(key[:3])
        return any(group.prereleases and group.allows(key) for group in self.groups)

    def positions_of_releases(self, releases: Sequence[Numbers]) -> list[int]:
        """The positions of the releases that are in the range, of any count of numbers."""
        triples = [numbers if len(numbers) == 3 else pad(numbers) for numbers in releases]
        if len(self.groups) > 1 or self.groups[0].excluded:
            return [i for i, triple in enumerate(triples) if self._allows_release(triple)]
        low, high = self.groups[0].low, self.groups[0].high
        if high is None:
            return [i for i, triple in enumerate(triples) if low <= triple]
        return [i for i, triple in enumerate(triples) if low <= triple < high]

    def _allows_release(self, triple: Numbers) -> bool:
        return any(group.allows_release(triple) for group in self.groups)

    @property
    def has_prerelease(self) -> bool:
        """Whether any group takes pre-releases."""
        return any(group.prereleases for group in self.groups)

    @property
    def is_empty(self) -> bool:
        """Whether no version can be in it."""
        return all(group.is_empty for group in self.groups)

    def with_prereleases(self) -> Range:
        """The same bounds, with pre-releases taken by every group."""
        groups = tuple(replace(group, prereleases=True) for group in self.groups)
        return replace(self, groups=groups, any_prerelease=True)


PreKey = Callable[[str], Pre]
"""What orders the texts of pre-releases."""


def parse_range(text: str, pre_key: PreKey = prerelease_key) -> Range:
    """Read a range, whose bounds order pre-releases by `pre_key`.

    Raises InvalidRangeError with the position of the first character that does not fit.
    """
    from imagebot.version.range_parser import parse_groups

    return Range(text, tuple(_group(each, pre_key) for each in parse_groups(text)))


def _group(constraints: tuple[Constraint, ...], pre_key: PreKey) -> ConstraintGroup:
    from imagebot.version.constraint import VersionInterval

    interval = VersionInterval()
    excluded: list[Excluded] = []
    for constraint in constraints:
        meaning = constraint.meaning()
        if isinstance(meaning, VersionInterval):
            interval = interval.intersect(meaning)
        else:
            excluded.append(meaning)
    low, high = _release_bounds(interval)
    prereleases = any(constraint.version.prerelease for constraint in constraints)
    holes = tuple(_Hole(key_of(hole.version, pre_key), hole.given) for hole in excluded)
    return ConstraintGroup(_bounds(interval, pre_key), holes, prereleases, low, high)


def _bounds(interval: VersionInterval, pre_key: PreKey) -> _Bounds:
    high = None if interval.high is None else key_of(interval.high, pre_key)
    return _Bounds(
        key_of(interval.low, pre_key), interval.low_included, high, interval.high_included
    )


def _release_bounds(interval: VersionInterval) -> tuple[Triple, Triple | None]:
    """The interval as one over releases, closed below and open above.

    Releases are whole numbers, so "above 1.2.3" is "from 1.2.4".
    """
    low = _triple(interval.low)
    if interval.low.prerelease is None and not interval.low_included:
        low = _next(low)
    if interval.high is None:
        return low, None
    high = _triple(interval.high)
    if interval.high.prerelease is None and interval.high_included:
        high = _next(high)
    return low, high


def _triple(version: Version) -> Triple:
    return (version.major, version.minor, version.patch)


def _next(numbers: Triple) -> Triple:
    return (numbers[0], numbers[1], numbers[2] + 1)
