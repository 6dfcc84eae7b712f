"""Versions of Helm charts in OCI registries: Semantic Versioning 2, strictly.

A tag cannot have the `+` before build metadata, so Helm pushes `1.2.3+ref.4f2a9c1` as the tag
`1.2.3_ref.4f2a9c1` and writes `+` everywhere else (helm/helm#10166). A tag that is not a version
after `_` is read as `+` does not exist for Helm (`Client.Tags` in its pkg/registry), with one
exception: a version that is asked for exactly may have a `v`, which Flux allows too.
"""

from __future__ import annotations

import re

_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRE = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_WORD = r"[0-9A-Za-z-]+"
# The grammar of semver.org.
_VERSION = re.compile(
    rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-{_PRE}(?:\.{_PRE})*)?"
    rf"(?:\+{_WORD}(?:\.{_WORD})*)?"
)
# Helm reads the three numbers into 64 bits.
_LARGEST = 2**64 - 1
_SHORT = len(str(_LARGEST))


def registry_tag(version: str) -> str:
    """The tag under which a registry has a version."""
    return version.replace("+", "_")


def with_registry_tag(reference: str) -> str:
    """`name:version@digest`, as people write it, with the tag of that version."""
    rest, at, digest = reference.partition("@")
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        return reference
    return f"{name}:{registry_tag(tag)}{at}{digest}"


def chart_version(tag: str) -> str | None:
    """The version that Helm calls by a tag, with a `+` for `_`; None for what it refuses.

    The version itself is taken as well as its tag, and a `v` before it is left.
    """
    version = tag.replace("_", "+")
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    if len(version) > _SHORT and any(int(number) > _LARGEST for number in match.groups()):
        return None
    return version


def without_metadata(version: str) -> str:
    """A version without its build metadata, which orders nothing."""
    return version.partition("+")[0]
