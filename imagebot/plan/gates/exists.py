"""Gate `exists`: the image manifest can be fetched, not only its tag listed."""

from __future__ import annotations

from datetime import datetime

from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.verdict import Passed, Verdict
from imagebot.policy.model import Policy


def exists(tag: str, policy: Policy, facts: Facts, _now: datetime) -> Verdict:
    """Asking for the digest is enough: an absent manifest is refused wherever it is noticed.

    Always asked of a cache, which may not have, or not give out, what its origin lists.
    """
    if policy.exists or facts.origin:
        facts.digest(tag)
    return Passed()
