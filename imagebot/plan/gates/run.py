"""Runs the gates over one candidate."""

from __future__ import annotations

from datetime import datetime

from imagebot.errors import RepositoryNotFoundError
from imagebot.plan.gates.exists import exists
from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.min_age import min_age
from imagebot.plan.gates.platforms import platforms
from imagebot.plan.gates.verdict import Gate, Passed, Refused, Verdict
from imagebot.policy.model import Policy

GATES: tuple[Gate, ...] = (exists, min_age, platforms)
"""In the order in which they run, the cheapest question first."""


def pass_gates(
    tag: str, policy: Policy, facts: Facts, now: datetime, *, with_digest: bool
) -> Verdict:
    """The first refusal, or a pass with the notes of all gates.

    A tag that is listed and whose manifest is gone is refused by whichever question finds out.
    """
    notes = []
    try:
        for gate in GATES:
            verdict = gate(tag, policy, facts, now)
            if isinstance(verdict, Refused):
                return verdict
            if verdict.note:
                notes.append(verdict.note)
        if with_digest:
            facts.digest(tag)
    except RepositoryNotFoundError:
        if facts.origin:
            return Refused("exists", f"{facts.origin} lists it, {facts.registry} does not have it")
        return Refused("exists", "the registry lists it, and does not have its manifest")
    return Passed("; ".join(notes))
