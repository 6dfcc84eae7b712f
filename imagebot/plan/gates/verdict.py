"""What a gate says of a candidate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from imagebot.plan.gates.facts import Facts
from imagebot.policy.model import Policy
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Passed:
    """`note` says on what evidence, "" where that is plain."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """`rule` is the policy key; `eligible_at` when time alone will change it."""

    rule: str
    reason: str
    eligible_at: datetime | None = None


Verdict = Passed | Refused
Gate = Callable[[str, Policy, Facts, datetime], Verdict]
"""A tag, the policy, what can be asked, and the time it is. May raise RegistryError."""
