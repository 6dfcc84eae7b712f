"""Sets of characters, as ranges of code points in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
ANY: Ranges = ((0, LAST),)


def of(*parts: str) -> Ranges:
    """The characters of texts such as `a` and `a-z`."""
    return union([((ord(part[0]), ord(part[-1])),) for part in parts])


def union(sets: Iterable[Ranges]) -> Ranges:
    found: list[tuple[int, int]] = []
    for first, last in sorted(each for ranges in sets for each in ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """Every other character; `ranges` must be in order."""
    found: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    return (*found, (start, LAST)) if start <= LAST else tuple(found)


def holds(ranges: Ranges, point: int) -> bool:
    return any(first <= point <= last for first, last in ranges)


def fold(ranges: Ranges) -> Ranges:
    """With every ASCII letter in both cases."""
    both = [ranges]
    for low, high, step in ((65, 90, 32), (97, 122, -32)):
        for first, last in ranges:
            start, end = max(first, low), min(last, high)
            if start <= end:
                both.append(((start + step, end + step),))
    return union(both)
