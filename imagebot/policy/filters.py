"""What is asked of a tag before any order looks at it: artifacts, include, exclude, pattern."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool
from imagebot.policy.rejections import Refusals

_ARTIFACT = re.compile(r"sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{128})(?:\..*)?")
"""Signatures, attestations and referrers that are stored under tags (cosign, OCI 1.1 fallback)."""


def filter_tags(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Pool:
    """The tags that pass, each once, with what the policy reads of them."""
    kept: Sequence[str] = list(dict.fromkeys(tags))
    kept = _drop_artifacts(kept, refusals)
    kept = _include(policy, kept, refusals)
    kept = _exclude(policy, kept, refusals)
    return _match(policy, kept, refusals)


def read_text(policy: Policy, tag: str | None) -> str | None:
    """What the policy reads of the current tag; None when there is nothing to compare with."""
    if tag is None or policy.pattern is None:
        return tag
    return policy.pattern.search(tag)


@functools.lru_cache(maxsize=512)
def compile_selector(selector: str) -> Callable[[str], bool]:
    """A predicate for an entry of `include` or `exclude`: `/regex/`, or a glob for the whole tag.

    Raises UsageError for a bad glob and InvalidPolicyError for a bad expression.
    """
    if is_expression(selector):
        from imagebot.policy.pattern import parse_pattern

        pattern = parse_pattern(selector[1:-1])
        return lambda tag: pattern.search(tag) is not None
    from imagebot.glob import compile_glob

    return compile_glob(selector)


def is_expression(selector: str) -> bool:
    """No tag has a slash, so one at each end is a sign that cannot be mistaken."""
    return len(selector) > 2 and selector[0] == selector[-1] == "/"


def _drop_artifacts(tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    suspects = {tag for tag in tags if tag.startswith("sha") and _ARTIFACT.fullmatch(tag)}
    if not suspects:
        return tags
    refusals.add("artifact", sorted(suspects), "a signature or another artifact, not an image")
    return [tag for tag in tags if tag not in suspects]


def _include(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    if not policy.include:
        return tags
    wanted = [compile_selector(selector) for selector in policy.include]
    kept = [tag for tag in tags if any(fits(tag) for fits in wanted)]
    if len(kept) < len(tags):
        among = set(kept)
        refusals.add("include", [tag for tag in tags if tag not in among], "not in the list")
    return kept


def _exclude(policy: Policy, tags: Sequence[str], refusals: Refusals) -> Sequence[str]:
    for selector in policy.exclude:
        fits = compile_selector(selector)
        dropped = {tag for tag in tags if fits(tag)}
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
