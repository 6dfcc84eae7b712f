"""The version that a text is, in either syntax, on python-semver's type.

The natural syntax is in `imagebot.version.shape`. The strict one is Flux's: three numbers after
an optional `v`, leading zeros allowed in them, and what follows `-` is a pre-release.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from imagebot.version.precedence import RELEASE, Pre, Triple, pad, prerelease_key
from imagebot.version.reading import read_layout

if TYPE_CHECKING:
    from semver import Version

STRICT = re.compile(
    r"v?([0-9]+)\.([0-9]+)\.([0-9]+)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_PADDED_NUMBER = re.compile(r"(?:^|\.)0[0-9]+(?:\.|$)")


def strict_prerelease(text: str | None) -> Pre | None:
    """The key of a pre-release as `STRICT` found it; None when it is not one (`1.2.3-01`)."""
    if text is None:
        return RELEASE
    return None if _PADDED_NUMBER.search(text) else prerelease_key(text)


def read_strict(text: str) -> tuple[Triple, Pre] | None:
    """The numbers and the pre-release of a version in the strict syntax, None for other text."""
    match = STRICT.fullmatch(text)
    pre = strict_prerelease(match[4]) if match else None
    if match is None or pre is None:
        return None
    return (int(match[1]), int(match[2]), int(match[3])), pre


def read_version(text: str, syntax: Literal["natural", "strict"]) -> Version | None:
    """The version that a text is, None when it is not one.

    The natural syntax takes the first three numbers of any shape, whatever is around them.
    """
    from semver import Version

    if syntax == "strict":
        match = STRICT.fullmatch(text)
        found = read_strict(text)
        return Version(*found[0], match[4]) if match and found else None
    layout = read_layout(text)
    if layout is None:
        return None
    pre = re.sub(r"[^0-9A-Za-z.-]", "-", layout.prerelease_of(text))
    return Version(*pad(layout.numbers_of(text)), pre or None)
