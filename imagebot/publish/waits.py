"""What has to wait although nothing is wrong with it: windows, and limits of routes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from imagebot.config.model import Route
from imagebot.plan.model import Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.refusals import BotRequests
from imagebot.publish.text import branch_name
from imagebot.values import dataclass

HOUR = timedelta(hours=1)


def find_waits(
    plan: Plan,
    routes: Sequence[Route],
    requests: BotRequests,
    *,
    target: str,
    base: str,
    now: datetime,
) -> Vetoes:
    """The updates that are not published in this pass, with until when.

    An open pull request stays current, and moving its updates to another branch opens nothing new:
    neither waits. New updates beside those that move wait for the window only, as does what
    somebody has asked for (`Update.again`).
    """
    by_name = {route.name: route for route in routes}
    rooms: dict[str, _Room] = {}
    vetoes: dict[str, Veto] = {}
    proposed, branches = requests.proposed, requests.branches
    for change in changes_of(plan, routes, target=target, base=base):
        if change.mode == "commit":
            for update in change.updates:
                if veto := _outside_window(by_name[update.route], now):
                    vetoes[update.id] = _for(update, veto)
            continue
        moved = [each.id in proposed for each in change.updates]
        if change.branch in branches or all(moved):
            continue
        route = by_name[change.route]
        if route.name not in rooms:
            rooms[route.name] = _Room.of(route, by_name, requests, now, base)
        found = _outside_window(route, now)
        if found is None and not any(moved):
            found = rooms[route.name].take(change)
        if found is not None:
            vetoes |= {update.id: _for(update, found) for update in change.updates}
    return Vetoes(of=vetoes)


def _outside_window(route: Route, now: datetime) -> Veto | None:
    if route.window is None or route.window.is_open(now):
        return None
    reason = f"route {route.name} waits for its window: {route.window.text}"
    return Veto("window", reason, settled=False, eligible_at=route.window.next_open(now))


def _for(update: Update, veto: Veto) -> Veto:
    """What somebody asked for is forgotten until then."""
    if not update.again:
        return veto
    return replace(veto, reason=f"{veto.reason}; run --again once it is open")


@dataclass(slots=True)
class _Room:
    """How many pull requests a route may still open in this pass; `recent` are times, sorted."""

    route: Route
    now: datetime
    open: int
    recent: list[datetime] = field(default_factory=list)

    @classmethod
    def of(
        cls, route: Route, routes: Collection[str], requests: BotRequests, now: datetime, base: str
    ) -> _Room:
        """The room of a route, which is one of `routes`.

        Pull requests from before `group` was changed take none: they are over once their updates
        have moved, which would wait for ever if these filled the room.
        """
        recent = requests.opened_since(route.name, routes, now - HOUR)
        group = route.pull_request.group
        whole = branch_name(base=base, route=route.name, group="all")
        kept = tuple(
            one for one in requests.open if (one.branch == whole) is (group != "repository")
        )
        here = replace(requests, open=kept)
        return cls(route, now, here.count_open(route.name, routes), recent)

    def take(self, change: Change) -> Veto | None:
        """Why the change has to wait; None when it may be opened, which is counted."""
        options = self.route.pull_request
        if not any(update.again for update in change.updates):
            if self.open >= options.max_open:
                count = f"{_pull_requests(self.open)} open"
                return self._veto(f"{count}, max-open {options.max_open}")
            if len(self.recent) >= options.per_hour:
                until = self.recent[-options.per_hour] + HOUR
                count = f"{_pull_requests(len(self.recent))} opened in an hour"
                return self._veto(f"{count}, per-hour {options.per_hour}", until)
        self.open += 1
        self.recent.append(self.now)
        return None

    def _veto(self, what: str, until: datetime | None = None) -> Veto:
        reason = f"route {self.route.name} waits: {what}"
        return Veto("limit", reason, settled=False, eligible_at=until)


def _pull_requests(count: int) -> str:
    return f"{count} pull request{'s' if count != 1 else ''}"
