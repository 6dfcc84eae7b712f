"""Whether a policy may replace what it cannot compare with other tags. Pure."""

from __future__ import annotations

from imagebot.policy.model import Policy
from imagebot.reference import Reference


def adopts(policy: Policy, current: Reference, *, floating: bool) -> bool:
    """What `adopt` says; without it, a digest alone stays, and so does a pinned floating tag.

    `floating` is the current tag's. A policy that names an order, or looks for the version of a
    moving tag, replaces that tag all the same.
    """
    if policy.adopt is not None:
        return policy.adopt
    if current.tag is None and current.digest is not None:
        return False
    if policy.order != "shape" or policy.version_of is not None:
        return True
    return not (floating and current.digest is not None)
