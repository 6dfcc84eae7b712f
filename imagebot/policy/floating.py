"""Which tags move from image to image by design. Pure.

A floating tag has no order at all (`latest`, `edge`, a branch, `pr-58`), names a stream of builds
and none of them (`1.3-nightly`), or has fewer numbers than the releases that it moves along:
`1-alpine` where there is `1.27.3-alpine`, `php8.2` where there is `6.4.2-php8.2`. A hash in a
tag says which build it is, so such a tag does not float.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from imagebot.version.reading import ALONE, read_layout
from imagebot.version.shape import Layout, Shape
from imagebot.version.skeletons import zero_digits
from imagebot.version.words import CHANNELS, COUNTERS

# The numbers in it are a platform's: latest-arm64, stable-alpine3.20.
_CHANNEL = re.compile(
    rf"(?:{'|'.join(sorted(CHANNELS))})"
    rf"(?:[-_.](?!(?:{'|'.join(sorted(COUNTERS))})[0-9])[a-z]{{3,}}[0-9.]*(?:v[0-9]+)?)*",
    re.IGNORECASE,
)
_BEHIND = ("-", "_", ".", "+", "#")
"""What may be behind a variant that is that of a release in part."""
_REVISION = re.compile(r"^[-_]#(?=[-_]|$)")
_YEAR = 4
"""A first number of so many digits may be that of a date, which zeros do not show."""
_FULL = 3
"""A tag of so many numbers is a full version, unless another goes on from it."""
_LONG = 6
"""So many digits may be the date or the count of a build."""


def is_floating(tag: str, tags: Sequence[str]) -> bool:
    """Whether a tag moves by design, as far as it and the list of its repository tell."""
    layout = read_layout(tag)
    if layout is None:
        # A tag that may be a hash is not one whose digest is followed unasked.
        return not {"~", "?"}.intersection(ALONE.skeleton_of(tag))
    if _CHANNEL.fullmatch(tag):
        return True
    if layout.hidden:
        return False
    if layout.kind == "identity":
        return True
    if layout.stage:
        return _is_stream(layout)
    shape = layout.shape_of(tag)
    if _goes_on(tag, layout, shape, tags) or (layout.of_platform and _is_beside(tag, tags)):
        return True
    return shape.kind == "version" and shape.parts < _FULL and _is_short(tag, shape, tags)


def _is_stream(layout: Layout) -> bool:
    """Whether nothing in a pre-release tells one build of its stream from the next."""
    if not layout.is_stream or layout.kind != "version":
        return False
    if layout.prerelease_numbers or layout.variant_numbers:
        return False
    return all(end - start < _LONG for start, end in layout.parts)


def _goes_on(tag: str, layout: Layout, shape: Shape, tags: Sequence[str]) -> bool:
    """Whether there is a release of this very version with more numbers."""
    beginning = tag[: layout.parts[-1][1]] + "."
    for other in tags:
        if not other.startswith(beginning):
            continue
        release = read_layout(other)
        if release is None or len(release.parts) <= shape.parts:
            continue
        if _is_release(release, release.prefix_of(other), shape):
            return True
    return False


def _is_beside(platform: str, tags: Sequence[str]) -> bool:
    """Whether there are versions on this very platform: 6.4.2-php8.2-apache for php8.2-apache.

    Or builds of it: python3.11-2024-08-01 for python3.11.
    """
    for tag in tags:
        if tag.endswith(f"-{platform}") or tag.startswith(f"{platform}-"):
            layout = read_layout(tag)
            if layout is not None and not layout.of_platform and layout.kind != "identity":
                return True
    return False


def _is_short(tag: str, shape: Shape, tags: Sequence[str]) -> bool:
    """Whether most of the other releases have more numbers."""
    longer, alike = 0, -1 if tag in tags else 0
    for parts, digits, count in _forms(shape, tags):
        longer += count if parts > shape.parts else 0
        alike += count if parts == shape.parts else 0
        if shape.parts == parts == 1 and digits > 2:
            return False  # a count of builds, not a version
    return 0 < longer >= alike


def _forms(shape: Shape, tags: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Of releases alike but for their digits: how many numbers, digits of the first, and tags.

    A hundred thousand tags have a few hundred such forms.
    """
    every = zero_digits("\n".join(tags)).split("\n")
    examples: dict[str, str] = {}
    for form, count in Counter(every).items():
        release = read_layout(form)
        if release is not None and _is_release(release, release.prefix, shape):
            start, end = release.parts[0]
            if end - start >= _YEAR:
                examples = examples or dict(zip(every, tags, strict=True))
                if _is_date(examples[form]):
                    continue
            yield len(release.parts), end - start, count


def _is_date(tag: str) -> bool:
    layout = read_layout(tag)
    return layout is not None and layout.kind != "version"


def _is_release(release: Layout, prefix: str | None, shape: Shape) -> bool:
    """Whether a tag of this shape may move along such releases.

    `1-alpine` moves along `1.27.3-alpine` and `1.27.3-alpine3.20`, `1-debian-12` along
    `1.27.3-debian-12-r4`, `17-jdk` along `17.0.12_7-jdk`, and `16` along `16.4-1`.
    """
    if release.stage or prefix != shape.prefix:
        return False
    variants = release.variant, _REVISION.sub("", release.variant)
    if shape.variant in variants:
        return True
    beginnings = tuple(shape.variant + behind for behind in _BEHIND)
    return shape.variant != "" and any(one.startswith(beginnings) for one in variants)
