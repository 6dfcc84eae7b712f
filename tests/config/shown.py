"""How the tests of the configuration write an error."""

from __future__ import annotations

from imagebot.errors import ConfigIssue


def show(issue: ConfigIssue) -> str:
    """The error and its hint on one line."""
    return f"{issue} ({issue.hint})" if issue.hint else str(issue)
