"""What people refused by closing pull requests, and what the open ones propose. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from imagebot.forge.model import PullRequest
from imagebot.publish.marker import MOST_IDS, PullRequestMarker, read_marker

MOST_CLOSED = 300
"""So many of the bot's closed pull requests are looked at, the newest. The docs say so."""


@dataclass(frozen=True, slots=True)
class BotRequests:
    """The bot's pull requests at the start of a pass: all open ones, and the newest closed ones."""

    open: tuple[PullRequest, ...] = ()
    closed: tuple[PullRequest, ...] = ()

    @property
    def branches(self) -> frozenset[str]:
        """The branches of the open ones."""
        return frozenset(request.branch for request in self.open)

    @property
    def proposed(self) -> frozenset[str]:
        """The ids of the updates in the open ones."""
        return frozenset(id_ for known in self._open_markers() for id_ in known.updates)

    @property
    def again(self) -> frozenset[str]:
        """The ids of those whose veto somebody has lifted."""
        return frozenset(id_ for known in self._open_markers() for id_ in known.again)

    def count_open(self, route: str) -> int:
        return sum(known.route == route for known in self._open_markers())

    def opened_since(self, route: str, moment: datetime) -> list[datetime]:
        """When pull requests of a route were opened, the oldest first."""
        found = []
        for request in (*self.open, *self.closed):
            known = read_marker(request.body)
            if known and known.route == route and request.created and request.created > moment:
                found.append(request.created)
        return sorted(found)

    def _open_markers(self) -> Iterable[PullRequestMarker]:
        return (known for one in self.open if (known := read_marker(one.body)) is not None)


def refused_by_closing(
    closed: Iterable[PullRequest], updates: Collection[str], plan: str
) -> dict[str, PullRequest]:
    """The ids among `updates` that people refused, with the pull request they closed.

    `closed` are the newest first, and of an update the newest that had it decides: closing refuses,
    merging does not. One that the bot itself closed says nothing. A marker has not all the ids of
    a very large plan: closing that refuses the very same plan, which has the hash `plan`.
    """
    found: dict[str, PullRequest] = {}
    decided: set[str] = set()
    for request in closed:
        known = read_marker(request.body) if request.state != "open" else None
        if known is None or known.retired:
            continue
        had = set(known.updates)
        whole = len(known.updates) >= MOST_IDS and known.plan == plan
        for id_ in updates:
            if id_ in decided or not (whole or id_ in had):
                continue
            decided.add(id_)
            if request.state == "closed":
                found[id_] = request
    return found
