"""Orders `pushed` and `created`: by a time that the registry or the image says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked
from imagebot.policy.rejections import Refusals

_UNKNOWN = {
    "pushed": "the registry does not say when it was pushed",
    "created": "the image does not say when it was built",
}


def rank(
    policy: Policy,
    pool: Pool,
    current_tag: str | None,
    refusals: Refusals,
    times: Mapping[str, datetime],
) -> Ranked:
    tags = [tag for tag in pool.tags if tag in times]
    if len(tags) < len(pool.tags):
        unknown = [tag for tag in pool.tags if tag not in times]
        refusals.add(policy.order, unknown, _UNKNOWN[policy.order])
    current = times.get(current_tag) if current_tag is not None else None
    keys = [as_utc(times[tag]) for tag in tags]
    return Ranked(tags, keys, as_utc(current) if current else None)


def as_utc(time: datetime) -> datetime:
    """A time without a zone is taken for UTC, which is what registries mean by it."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
