"""Gate `platforms`: the image must be there for every platform that the policy names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.verdict import Passed, Refused, Verdict
from imagebot.policy.model import Policy

_IMPLIED_VARIANTS = {"arm64": "v8", "arm": "v7"}
"""What containerd takes an architecture without a variant for."""


def platforms(tag: str, policy: Policy, facts: Facts, _now: datetime) -> Verdict:
    if not policy.platforms:
        return Passed()
    there = facts.platforms(tag)
    missing = [wanted for wanted in policy.platforms if not is_there(wanted, there)]
    if not missing:
        return Passed()
    return Refused("platforms", f"it is not there for {', '.join(missing)}")


def is_there(wanted: str, there: Iterable[str]) -> bool:
    """Whether a platform is among others; one without a variant accepts any."""
    os, architecture, variant = _split(wanted)
    for platform in there:
        other_os, other_architecture, other = _split(platform)
        if (os, architecture) != (other_os, other_architecture):
            continue
        implied = _IMPLIED_VARIANTS.get(architecture, "")
        if not variant or (other or implied) == variant:
            return True
    return False


def _split(platform: str) -> tuple[str, str, str]:
    os, architecture, variant = (*platform.split("/"), "", "")[:3]
    return os, architecture, variant
