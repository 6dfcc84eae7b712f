"""Windows and limits of routes: what waits, and until when."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.config.model import Route
from imagebot.config.window import parse_window
from imagebot.forge.model import PullRequest, PullRequestState
from imagebot.plan.model import Plan, Update
from imagebot.publish.changes import changes_of
from imagebot.publish.marker import PullRequestMarker, with_marker
from imagebot.publish.refusals import BotRequests
from imagebot.publish.waits import find_waits
from tests.publish.conftest import make_route
from tests.publish.updates import make_update

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday
SHUT, OPEN = parse_window("mon-fri 9-17 UTC"), parse_window("sat 9-17 UTC")
NONE = BotRequests()
UPDATES = tuple(make_update(f"{name}.yaml", f"ghcr.io/acme/{name}:1.0.0") for name in "abcdef")


def request(
    number: int,
    updates: Sequence[Update] = (),
    *,
    state: PullRequestState = "open",
    minutes: int | None = 600,
    route: str = "production",
    branch: str = "",
    again: Sequence[Update] = (),
) -> PullRequest:
    """One that was opened so many minutes ago."""
    marker = PullRequestMarker(
        route=route,
        plan="p",
        blobs="b",
        pushed="c",
        updates=tuple(update.id for update in updates),
        again=tuple(update.id for update in again),
    )
    return PullRequest(
        number=number,
        url="",
        title="",
        body=with_marker("text", marker),
        branch=branch or f"imagebot/{number}",
        base="main",
        state=state,
        created=None if minutes is None else NOW - timedelta(minutes=minutes),
    )


def damaged(branch: str, *, minutes: int = 600) -> PullRequest:
    made = request(1, branch=branch, minutes=minutes)
    return dataclasses.replace(made, body="people wrote this")


def many(count: int, **fields: int) -> tuple[PullRequest, ...]:
    return tuple(request(number, minutes=fields.get("minutes", 600)) for number in range(count))


def waits(
    route: Route, requests: BotRequests = NONE, updates: Sequence[Update] = UPDATES
) -> dict[str, tuple[str, str, datetime | None]]:
    """Path of each update that waits: its code, reason and time."""
    plan = Plan(updates=tuple(updates))
    other = make_route("production-eu", "pull-request")
    found = find_waits(plan, (route, other), requests, target="t", base="main", now=NOW)
    assert found.problems == ()
    assert all(not veto.settled for veto in found.of.values())
    by_id = {update.id: update.field.path for update in updates}
    return {by_id[id_]: (v.code, v.reason, v.eligible_at) for id_, v in found.of.items()}


def paths(found: dict[str, tuple[str, str, datetime | None]]) -> str:
    return "".join(sorted(path.removesuffix(".yaml") for path in found))


def each_image(**options: int) -> Route:
    return make_route("production", "pull-request", group="repository", **options)


@pytest.mark.parametrize(
    ("options", "requests", "expected"),
    [
        ({}, (), "ef"),  # four in an hour
        ({"per_hour": 100}, (), ""),
        ({"per_hour": 100, "max_open": 2}, (), "cdef"),
        ({"per_hour": 100}, many(7), "def"),  # ten open
        ({"per_hour": 100}, many(10), "abcdef"),
        ({"per_hour": 100}, many(12), "abcdef"),
        ({}, many(3, minutes=59), "bcdef"),
        ({}, many(3, minutes=61), "ef"),
        ({}, many(4, minutes=0), "abcdef"),
        # Closed and merged ones are not open, but were opened.
        ({"max_open": 2}, [request(1, state="closed"), request(2, state="merged")], "cdef"),
        ({"per_hour": 2}, [request(1, state="merged", minutes=5)], "bcdef"),
        # Those of other routes, of people, and of unknown age.
        ({"max_open": 2, "per_hour": 2}, [request(1, route="other", minutes=1)], "cdef"),
        ({"per_hour": 2}, [dataclasses.replace(request(1, minutes=1), body="text")], "cdef"),
        ({"per_hour": 2}, [request(1, minutes=None)], "cdef"),
        # Where people damaged the text, the name of the branch says whose it is.
        ({"max_open": 2}, [damaged("imagebot/production-all-0123abcd")], "bcdef"),
        ({"max_open": 2}, [damaged("imagebot/production-eu-all-0123abcd")], "cdef"),
        ({"max_open": 2}, [damaged("imagebot/productions-all-0123abcd")], "cdef"),
        ({"max_open": 2}, [damaged("imagebot/staging-all-0123abcd")], "cdef"),
        ({"per_hour": 2}, [damaged("imagebot/production-all-0123abcd", minutes=1)], "bcdef"),
    ],
)
def test_how_many_pull_requests_a_route_opens(
    options: dict[str, int], requests: Sequence[PullRequest], expected: str
) -> None:
    open_ = tuple(one for one in requests if one.state == "open")
    closed = tuple(one for one in requests if one.state != "open")
    found = waits(each_image(**options), BotRequests(open_, closed))
    assert paths(found) == expected
    assert {code for code, _, _ in found.values()} <= {"limit"}


def test_until_when() -> None:
    recent = tuple(request(number, minutes=number) for number in (50, 40, 30, 20, 10))
    found = waits(each_image(), BotRequests(closed=recent))
    reason = "route production waits: 5 pull requests opened in an hour, per-hour 4"
    assert found["a.yaml"] == ("limit", reason, NOW + timedelta(minutes=20))
    found = waits(each_image(max_open=1), BotRequests(recent[:1]))
    reason = "route production waits: 1 pull request open, max-open 1"
    assert found["a.yaml"] == ("limit", reason, None)


def test_what_is_open_stays_current_and_takes_no_room() -> None:
    route = each_image(max_open=2)
    changes = changes_of(Plan(updates=UPDATES), (route,), target="t", base="main")
    branch = changes[3].branch
    # In place, whatever it proposes now; and on another branch, as before `group` was changed.
    requests = BotRequests((request(1, branch=branch), request(2, UPDATES[4:5])))
    assert paths(waits(route, requests)) == "abcf"
    assert paths(waits(dataclasses.replace(route, window=SHUT), requests)) == "abcf"


WHOLE = "imagebot/production-all-e530d2b8"


@pytest.mark.parametrize(
    ("group", "requests", "expected"),
    [
        # Of each image before: there is no room, but nothing new is opened.
        ("all", [request(1, UPDATES[:1], minutes=5), request(2, UPDATES[1:2])], ""),
        # The same, and every tag is another one by now.
        ("all", [request(1), request(2)], ""),
        # Some were opened less than an hour ago: what moves does not wait for that either.
        ("all", [request(1, UPDATES[:1], minutes=5), request(2, minutes=5)], ""),
        ("all", [request(1, minutes=5), request(2, minutes=5)], "abcdef"),
        # One for all before.
        ("repository", [request(1, UPDATES[:4], branch=WHOLE)], ""),
        ("repository", [request(1, UPDATES, branch=WHOLE)], ""),
        ("repository", [request(1, branch=WHOLE), request(2)], "bcdef"),
        # As `group` was before.
        ("repository", [request(1, UPDATES[:1]), request(2, UPDATES[1:2])], "cdef"),
        ("all", [request(1, UPDATES[:1], branch=WHOLE)], ""),
    ],
)
def test_room_after_the_group_was_changed(
    group: str, requests: Sequence[PullRequest], expected: str
) -> None:
    route = make_route("production", group=group, max_open=2, per_hour=2)
    assert paths(waits(route, BotRequests(tuple(requests)))) == expected


def test_what_is_new_beside_what_moves_waits_for_the_window() -> None:
    route = dataclasses.replace(make_route("production"), window=SHUT)
    requests = BotRequests((request(1, UPDATES[:1]), request(2, UPDATES[1:2])))
    assert paths(waits(route, requests)) == "abcdef"
    assert waits(route, requests, UPDATES[:2]) == {}


def test_a_window() -> None:
    for publish in ("commit", "pull-request"):
        route = make_route("production", publish)
        assert waits(dataclasses.replace(route, window=OPEN)) == {}
        found = waits(dataclasses.replace(route, window=SHUT))
        assert paths(found) == "abcdef"
        reason = "route production waits for its window: mon-fri 9-17 UTC"
        assert found["a.yaml"] == ("window", reason, datetime(2026, 11, 30, 9, tzinfo=UTC))


def test_what_somebody_asked_for_waits_for_the_window_only() -> None:
    asked = dataclasses.replace(UPDATES[5], again=True)
    route = each_image(max_open=1)
    assert paths(waits(route, BotRequests(many(1)), (*UPDATES[:2], asked))) == "ab"
    found = waits(dataclasses.replace(route, window=SHUT), updates=(asked,))
    assert found["f.yaml"][1].endswith("; run --again once it is open")


def test_what_open_pull_requests_carry_on() -> None:
    requests = BotRequests(
        (request(1, UPDATES[:2], again=UPDATES[:1]), request(2, UPDATES[2:3])),
        (request(3, UPDATES[3:], state="closed", again=UPDATES[3:]),),
    )
    assert requests.proposed == {update.id for update in UPDATES[:3]}
    assert requests.again == {UPDATES[0].id}
