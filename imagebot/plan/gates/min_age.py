"""Gate `min-age`: an image must have been there for some time.

The registry's own push time is evidence. The creation date in the image is a claim of whoever
built it, taken only where the registry says nothing; reproducible builds put 1970 there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.verdict import Passed, Refused, Verdict
from imagebot.policy.duration import show_duration
from imagebot.policy.model import Policy
from imagebot.policy.timed import as_utc
from imagebot.values import dataclass

EARLIEST_CLAIM = datetime(2010, 1, 1, tzinfo=UTC)
"""A creation date before containers is none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`verb` says what was done at that time, `source` who says so."""

    at: datetime
    verb: str
    source: str


def min_age(tag: str, policy: Policy, facts: Facts, now: datetime) -> Verdict:
    if policy.min_age is None:
        return Passed()
    evidence = find_evidence(tag, facts)
    if evidence is None:
        if policy.min_age_unknown == "accept":
            return Passed("its age is unknown, which the policy accepts")
        reason = "its age is unknown: neither the registry nor the image says it"
        return Refused("min-age", reason)
    age = now - evidence.at
    words = f"{evidence.verb} {show_age(age)} ({evidence.source})"
    if age < policy.min_age:
        until = evidence.at + policy.min_age
        wait = f"waits until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        reason = f"{words}, {wait} (min-age {show_duration(policy.min_age)})"
        return Refused("min-age", reason, until)
    return Passed(words)


def find_evidence(tag: str, facts: Facts) -> Evidence | None:
    pushed = facts.pushed(tag)
    if pushed is not None:
        return Evidence(as_utc(pushed.at), "pushed", f"{pushed.source} says so")
    created = facts.created(tag)
    if created is None or as_utc(created) < EARLIEST_CLAIM:
        return None
    return Evidence(as_utc(created), "created", "only the image itself says so")


def show_age(age: timedelta) -> str:
    if age < timedelta():
        return "in the future"
    if age >= timedelta(days=2):
        return f"{age.days} days ago"
    minutes = int(age.total_seconds()) // 60
    return f"{show_duration(timedelta(minutes=minutes))} ago" if minutes else "just now"
