"""What becomes of the tag schemes that people use: tables, each row a field and a list of tags."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Choice, Policy, UpdateType
from imagebot.policy.update_types import update_type_of
from tests.policy.choosing import choosing
from tests.policy.schemes import counters, hashes, platforms
from tests.policy.schemes.row import Row

TABLES = {"hashes": hashes.ROWS, "counters": counters.ROWS, "platforms": platforms.ROWS}
ROWS = {f"{name}: {row}": row for name, rows in TABLES.items() for row in rows}


def update_type(policy: Policy, current: str, new: str, tags: Sequence[str]) -> UpdateType:
    """What a move is called, in a repository that has these tags."""
    return update_type_of(policy, current, new)


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
    assert _next(again, row.expected) == row.expected, f"moves on: {again.reason}"
    if row.kind is not None:
        assert update_type(policy, row.current, row.expected, tags) == row.kind


def _next(choice: Choice, current: str) -> str:
    return choice.successors[0] if choice.successors else current
