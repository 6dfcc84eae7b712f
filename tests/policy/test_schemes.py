"""What becomes of the tag schemes that people use: tables, each row a field and a list of tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.choose import timed_candidates
from imagebot.policy.model import Choice, Policy, UpdateType
from imagebot.policy.update_types import update_type_of
from tests.policy.choosing import TODAY, choosing, reference
from tests.policy.schemes import (
    counters,
    dates,
    filters,
    first,
    hashes,
    platforms,
    platforms_alone,
    prereleases,
)
from tests.policy.schemes.row import Row

TABLES = {
    "hashes": hashes.ROWS,
    "counters": counters.ROWS,
    "platforms": platforms.ROWS,
    "platforms alone": platforms_alone.ROWS,
    "filters": filters.ROWS,
    "first": first.ROWS,
    "prereleases": prereleases.ROWS,
    "dates": dates.ROWS,
}
ROWS = {f"{name}: {row}": row for name, rows in TABLES.items() for row in rows}


def update_type(policy: Policy, current: str, new: str, tags: Sequence[str]) -> UpdateType:
    """What a move is called, in a repository that has these tags."""
    return update_type_of(policy, current, new, choosing(policy, tags, current).reading)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_scheme(row: Row) -> None:
    """The tag, the code and the name of the update; nothing depends on the order of the list."""
    policy = SHAPE if row.policy is None else build_policy("tested", row.policy)
    tags = (row.current, *row.tags)
    choice = choosing(policy, tags, row.current)
    assert _next(choice, row.current) == row.expected, f"{choice.code}: {choice.reason}"
    if row.code is not None:
        assert choice.code == row.code, choice.reason
    backwards = choosing(policy, (*reversed(tags), *tags[:3]), row.current)
    assert backwards.successors == choice.successors
    again = choosing(policy, tags, row.expected)
    assert not row.rests or _next(again, row.expected) == row.expected, f"moves on: {again.reason}"
    if row.kind is not None:
        assert update_type(policy, row.current, row.expected, tags) == row.kind


def _next(choice: Choice, current: str) -> str:
    return choice.successors[0] if choice.successors else current


AT = {
    tag: datetime(2026, 3, 1, hour, tzinfo=UTC)
    for hour, tag in enumerate(("main-a", "main-b", "dev-y", "main-c", "dev-z"))
}


@pytest.mark.parametrize("order", ["pushed", "created"])
@pytest.mark.parametrize(
    ("current", "expected"),
    [("dev-z", "dev-z"), ("dev-y", "main-c"), ("main-c", "main-c"), ("main-a", "main-c")],
)
def test_a_pattern_does_not_lower_what_is_newer(order: str, current: str, expected: str) -> None:
    """A current tag that the pattern does not match has its time, and is compared by it."""
    policy = build_policy("tested", {"pattern": "^main-", "order": order})
    wanted = timed_candidates(policy, tuple(AT), reference(current), today=TODAY)
    assert set(wanted) == {"main-a", "main-b", "main-c", current}
    times = {tag: AT[tag] for tag in wanted}
    choice = choosing(policy, tuple(AT), current, times=times)
    assert _next(choice, current) == expected, f"{choice.code}: {choice.reason}"
