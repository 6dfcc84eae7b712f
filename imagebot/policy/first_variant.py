"""Which variant the first version of a field has: that of the tag that it replaces. Pure.

`latest-alpine`, `alpine` and `sha-4f2a9c1-alpine` have no version to compare with, but what they
say of the platform holds for the version that is adopted, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imagebot.policy.model import Policy
from imagebot.version.reading import Reading
from imagebot.version.shape import outline_of_skeleton
from imagebot.version.skeletons import TagGroup
from imagebot.version.words import HASHES, MOVING, RUNTIMES, SYSTEMS

SEPARATORS = "-_.+"
_COMPONENT = re.compile(r"[^-_.+]+")
_WORD = re.compile(r"[A-Za-z]+")


def first_variant(
    policy: Policy, current: str | None, reading: Reading, groups: Sequence[TagGroup]
) -> str:
    """The variant of a tag that cannot be compared, without the separator before it; "" for none.

    It counts if it names a platform, or if versions of the list have it: `production` is none.
    """
    if current is None or policy.variant != "same":
        return ""
    variant = _said_besides(current, reading)
    if not variant or _names_platform(variant):
        return variant
    return variant if variant in _variants(variant, reading, groups) else ""


def _said_besides(tag: str, reading: Reading) -> str:
    """What a tag says behind its version, or behind what moves and the commits in it."""
    skeleton = reading.skeleton_of(tag)
    layout = reading.layout(skeleton)
    for found in _COMPONENT.finditer(tag, layout.variant_start if layout else 0):
        is_hidden = not skeleton[slice(*found.span())].strip("~?")
        if not is_hidden and found[0].lower() not in MOVING | HASHES:
            return tag[found.start() :]
    return ""


def _names_platform(variant: str) -> bool:
    words = (word.lower() for word in _WORD.findall(variant))
    return any(word in SYSTEMS or word in RUNTIMES for word in words)


def _variants(variant: str, reading: Reading, groups: Sequence[TagGroup]) -> Iterator[str]:
    """The variants in a list that are like this one but for its numbers."""
    outline = outline_of_skeleton(reading.skeleton_of(variant))
    for group in groups:
        layout = reading.layout(group.skeleton)
        if layout is not None and layout.variant.lstrip(SEPARATORS) == outline:
            for text in group.texts:
                yield text[layout.variant_start :].lstrip(SEPARATORS)
