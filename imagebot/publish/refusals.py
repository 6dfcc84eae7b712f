"""What people refused by closing pull requests, and what the open ones propose. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime

from imagebot.forge.model import PullRequest
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.text import is_branch_of
from imagebot.values import dataclass

MOST_CLOSED = 300
"""So many of the bot's closed pull requests are looked at, the newest. The docs say so."""


@dataclass(frozen=True, slots=True)
class BotRequests:
    """The bot's pull requests at the start of a pass: all open ones, and the newest closed ones.

    `recovered` has the state of those whose text does not have the whole, by number.
    """

    open: tuple[PullRequest, ...] = ()
    closed: tuple[PullRequest, ...] = ()
    recovered: Mapping[int, PullRequestMarker] = field(default_factory=dict)

    @property
    def branches(self) -> frozenset[str]:
        """The branches of the open ones."""
        return frozenset(request.branch for request in self.open)

    @property
    def proposed(self) -> frozenset[str]:
        """The ids of the updates in the open ones."""
        return frozenset(id_ for known in self._open_states() for id_ in known.updates)

    @property
    def again(self) -> frozenset[str]:
        """The ids of those whose veto somebody has lifted."""
        return frozenset(id_ for known in self._open_states() for id_ in known.again)

    @property
    def merged(self) -> frozenset[str]:
        """The ids of the updates in those that people merged."""
        merged = (self.state(one) for one in self.closed if one.state == "merged")
        return frozenset(id_ for known in merged if known for id_ in known.updates)

    def find(self, branch: str) -> PullRequest | None:
        """The open one of a branch."""
        return next((request for request in self.open if request.branch == branch), None)

    def state(self, request: PullRequest) -> PullRequestMarker | None:
        """What the bot keeps in a pull request; None where that is lost."""
        return self.recovered.get(request.number) or read_marker(request.body)

    def count_open(self, route: str, routes: Collection[str]) -> int:
        """How many a route, one of `routes`, has open.

        Where the state is lost, the name of the branch says whose it is.
        """
        return sum(self._is_of(request, route, routes) for request in self.open)

    def opened_since(self, route: str, routes: Collection[str], moment: datetime) -> list[datetime]:
        """When pull requests of a route were opened, the oldest first."""
        return sorted(
            request.created
            for request in (*self.open, *self.closed)
            if request.created and request.created > moment and self._is_of(request, route, routes)
        )

    def _is_of(self, request: PullRequest, route: str, routes: Collection[str]) -> bool:
        known = self.state(request)
        if known is None:
            return is_branch_of(request.branch, route, routes)
        return known.route == route

    def _open_states(self) -> Iterable[PullRequestMarker]:
        return (known for one in self.open if (known := self.state(one)) is not None)


def in_text(request: PullRequest) -> PullRequestMarker | None:
    """What the text of a pull request says that the bot keeps in it."""
    return read_marker(request.body)


def refused_by_closing(
    closed: Iterable[PullRequest],
    updates: Collection[str],
    plan: str,
    *,
    state: Callable[[PullRequest], PullRequestMarker | None] = in_text,
) -> dict[str, PullRequest]:
    """The ids among `updates` that people refused, with the pull request they closed.

    `closed` are the newest first, and of an update the newest that had it decides: closing refuses,
    merging does not. One that the bot itself closed says nothing. Where a state has not all the ids
    of a large plan: closing that refuses the very same plan, which has the hash `plan`.
    """
    found: dict[str, PullRequest] = {}
    decided: set[str] = set()
    for request in closed:
        known = state(request) if request.state != "open" else None
        if known is None or known.retired:
            continue
        had = set(known.updates)
        whole = known.left > 0 and known.plan == plan
        for id_ in updates:
            if id_ in decided or not (whole or id_ in had):
                continue
            decided.add(id_)
            if request.state == "closed":
                found[id_] = request
    return found
