"""Exit codes."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # keeps `imagebot --version` from importing what only commands need
    from imagebot.plan.model import Plan


class Exit(IntEnum):
    WELL = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    PENDING = 4
    NOTHING_CHOSEN = 5
    INTERRUPTED = 130


def exit_of(plan: Plan) -> Exit:
    """Failed when anything in the plan did, whatever else was done."""
    return Exit.FAILED if plan.problems else Exit.WELL
