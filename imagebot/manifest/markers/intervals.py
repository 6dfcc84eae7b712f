"""Intervals of a file: whether a position is in one of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from imagebot.manifest.images.findings import FileFindings
from imagebot.manifest.yaml.scalars import scalars_of


class Intervals:
    """Positions between starts and ends, both excluded."""

    def __init__(self, intervals: list[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(intervals):
            if self.ends and start < self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)

    def find(self, at: int) -> int:
        """The number of the interval that holds a position, -1 if none does."""
        number = bisect_left(self.starts, at) - 1
        return number if number >= 0 and at < self.ends[number] else -1

    def hold(self, at: int) -> bool:
        return self.find(at) >= 0


def values_with_signs(findings: FileFindings) -> Intervals:
    """The values with a `#`, which does not begin a comment there, in documents with markers;
    without values that hold YAML."""
    inside = sorted(
        each.document_text.origins[0] for each in findings.marked if each.document_text.is_nested
    )
    regions = []
    for each in findings.marked:
        for scalar in scalars_of(each.root):
            if "#" not in scalar.value:
                continue
            start = each.document_text.index(scalar.start_mark.index)
            end = each.document_text.index(scalar.end_mark.index)
            if bisect_left(inside, start) == bisect_right(inside, end):
                regions.append((start, end))
    return Intervals(regions)
