"""Decides whether the version of a chart or of an artifact is a tag."""

from __future__ import annotations

import re

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.yaml.events import Scalar
from imagebot.reference import is_digest

_NUMBERS = r"v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?"
_BUILD = r"[0-9A-Za-z.-]+"
# Helm fetches what looks like this as it is, and takes everything else for a range.
_EXACT = re.compile(rf"{_NUMBERS}(?:\+{_BUILD})?")
_WITH_BUILD = re.compile(rf"{_NUMBERS}\+{_BUILD}")
_AS_A_TAG = re.compile(rf"{_NUMBERS}_[0-9A-Za-z_.-]+")
# `1.x` could be a tag; whoever writes it means a range.
_CONSTRAINT = re.compile(r".*[\s<>=!~^*|,].*|v?(?:[0-9]+\.)*[xX](?:\.[xX0-9]+)*")
_SHOWN = 80


def is_chart_version(context: DocumentContext, version: Scalar | None) -> bool:
    """Whether a version is exact and so is a tag; other versions are listed."""
    if version is None:
        return False
    text = version.value.strip()
    if _EXACT.fullmatch(text):
        return True
    if is_digest(text):
        reason = f"{text[:_SHOWN]!r} is a digest: charts are updated by version"
        context.unread(version, "not-a-reference", reason, expected=True)
    elif _AS_A_TAG.fullmatch(text):
        reason = f"{text[:_SHOWN]!r} is a tag: in the version of a chart Helm wants `+` for its `_`"
        context.unread(version, "not-a-reference", reason, expected=True)
    else:
        _list_range(context, version)
    return False


def is_artifact_tag(context: DocumentContext, version: Scalar) -> bool:
    """Whether this is a tag or a digest, and not a range, which Argo CD follows."""
    text = version.value.strip()
    if _WITH_BUILD.fullmatch(text):
        reason = f"{text[:_SHOWN]!r} has a `+`, which tags cannot have: Helm writes `_` instead"
        context.unread(version, "not-a-reference", reason, expected=True)
        return False
    if _CONSTRAINT.fullmatch(text) is None:
        return True
    _list_range(context, version)
    return False


def _list_range(context: DocumentContext, version: Scalar) -> None:
    reason = f"{version.value.strip()[:_SHOWN]!r} is not an exact version"
    context.unread(version, "range", reason, expected=True)
