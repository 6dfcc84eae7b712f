"""Semantic Versioning precedence as tuples that compare the way versions do.

A key is `(major, minor, patch, pre)`: `pre` is RELEASE for a release, and otherwise a tuple that
sorts below it, identifier by identifier (semver.org, item 11). Build metadata is in no key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semver import Version

Identifier = tuple[int, int, str]
Pre = tuple[int | Identifier, ...]
Numbers = tuple[int, ...]
Triple = tuple[int, int, int]
Key = tuple[int, int, int, Pre]

RELEASE: Pre = (1,)


def prerelease_key(text: str) -> Pre:
    """The key of dot-separated identifiers: numbers below words, words by their bytes."""
    return (0, *[_identifier(part) for part in text.split(".")])


def _identifier(text: str) -> Identifier:
    if text.isascii() and text.isdigit():
        return (0, int(text), "")
    return (1, 0, text)


def key_of(version: Version, pre_key: Callable[[str], Pre] = prerelease_key) -> Key:
    pre = pre_key(version.prerelease) if version.prerelease else RELEASE
    return (version.major, version.minor, version.patch, pre)


def pad(numbers: Numbers) -> Triple:
    """The first three of any count of numbers, the missing ones zero."""
    major, minor, patch = (*numbers[:3], 0, 0)[:3]
    return (major, minor, patch)
