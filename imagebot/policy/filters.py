"""The rules before any order: artifacts, include, exclude, pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool
from imagebot.policy.rejections import Refusals
from imagebot.policy.selectors import selected
from imagebot.version.chart import registry_tag, without_metadata

_ARTIFACT = re.compile(r"sha(?:256|512)-[0-9a-f]{64}(?:\..*)?")
"""Signatures, attestations and referrers that are stored under tags (cosign, OCI 1.1 fallback).

A digest in a tag has 64 digits at most."""


def filter_tags(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Pool:
    """The tags that pass, each once, with what the policy reads of them."""
    kept: Sequence[str] = list(dict.fromkeys(tags))
    kept = drop_artifacts(kept, refusals)
    kept = _include(policy, kept, refusals)
    kept = _exclude(policy, kept, refusals)
    return _match(policy, kept, refusals)


def read_text(policy: Policy, tag: str | None) -> str | None:
    """What the policy reads of the current tag; None when there is nothing to compare with.

    Without `extract` that is the whole tag, also where the pattern does not match it: a filter says
    what may be chosen, and not what may be compared.
    """
    if tag is None:
        return None
    if policy.pattern is None or not policy.pattern.extract:
        return without_metadata(tag)
    return policy.pattern.search(registry_tag(tag))


def drop_artifacts(tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    suspects = {tag for tag in tags if tag.startswith("sha") and _ARTIFACT.fullmatch(tag)}
    if not suspects:
        return tags
    refusals.add("artifact", sorted(suspects), "a signature or another artifact, not an image")
    return [tag for tag in tags if tag not in suspects]


def _include(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    if not policy.include:
        return tags
    wanted: set[str] = set().union(*(selected(selector, tags) for selector in policy.include))
    refusals.add("include", [tag for tag in tags if tag not in wanted], "not in the list")
    return [tag for tag in tags if tag in wanted]


def _exclude(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    for selector in policy.exclude:
        dropped = selected(selector, tags)
        if dropped:
            refusals.add("exclude", sorted(dropped), f"excluded by {selector}")
            tags = [tag for tag in tags if tag not in dropped]
    return tags


def _match(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Pool:
    if policy.pattern is None:
        return Pool(tags, tags)
    found = policy.pattern.apply(tags)
    if None in found:
        others = [tag for tag, text in zip(tags, found, strict=True) if text is None]
        refusals.add("pattern", others, f"it does not match {policy.pattern.text}")
        tags = [tag for tag, text in zip(tags, found, strict=True) if text is not None]
    if not policy.pattern.extract:
        return Pool(tags, tags)
    return Pool(tags, [text for text in found if text is not None])
