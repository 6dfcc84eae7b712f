"""Which tags move from image to image by design. Pure.

A floating tag has no order at all (`latest`, `edge`, a branch), or fewer numbers than the releases
that it moves along: `1-alpine` where there is `1.27.3-alpine`. A hash in a tag says which build it
is, so such a tag does not float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imagebot.version.places import read_layout
from imagebot.version.shape import Shape

# With or without a letter: a tag that may be a hash is not one whose digest is followed unasked.
_HASH = re.compile(r"(?<![^-_.+])g?[0-9a-f]{7,40}(?![^-_.+])")
_SEPARATORS = ("-", "_", ".", "+")


def is_floating(tag: str, tags: Sequence[str]) -> bool:
    """Whether a tag moves by design, as far as it and the list of its repository tell."""
    layout = read_layout(tag)
    if layout is None:
        return _HASH.search(tag) is None
    if layout.stage or layout.hidden:
        return False
    shape, numbers = layout.shape_of(tag), layout.numbers_of(tag)
    releases = list(_releases(shape, tags))
    if any(len(other) > len(numbers) and other[: len(numbers)] == numbers for other in releases):
        return True
    if shape.kind != "version" or (shape.parts == 1 and not _are_versions(releases)):
        return False
    longer = sum(len(other) > len(numbers) for other in releases)
    alike = sum(len(other) == len(numbers) and other != numbers for other in releases)
    return 0 < longer >= alike


def _releases(shape: Shape, tags: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """The numbers of the releases that a tag of this shape may move along."""
    for tag in tags:
        layout = read_layout(tag)
        if layout is None or layout.stage or layout.prefix_of(tag) != shape.prefix:
            continue
        if _is_of(layout.variant, shape.variant):
            yield layout.numbers_of(tag)


def _is_of(variant: str, outer: str) -> bool:
    """`1-alpine` moves along `1.27.3-alpine`, `1-debian-12` along `1.27.3-debian-12-r4`."""
    if variant == outer:
        return True
    return outer != "" and variant.startswith(tuple(outer + separator for separator in _SEPARATORS))


def _are_versions(releases: Sequence[tuple[int, ...]]) -> bool:
    """Whether bare numbers are versions, not a count of builds: all of them are small."""
    return all(numbers[0] < 100 for numbers in releases if len(numbers) == 1)
