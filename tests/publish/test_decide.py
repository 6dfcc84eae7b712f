"""What is done about a pull request, as a table: no Git, no forge."""

from __future__ import annotations

import dataclasses

import pytest

from imagebot.forge.model import PullRequest, PullRequestState
from imagebot.publish.decide import (
    Action,
    Annotate,
    Close,
    Leave,
    Observed,
    Open,
    Revise,
    Wait,
    Wanted,
    decide,
    has_all,
    is_given_back,
)
from imagebot.publish.marker import PullRequestMarker, write_marker

ONE, TWO = "1" * 12, "2" * 12
HEAD = "c" * 40


def marker(*updates: str, **fields: object) -> PullRequestMarker:
    made = PullRequestMarker(
        route="production", plan="-".join(updates), blobs="b", pushed="", updates=updates
    )
    return dataclasses.replace(made, **fields)  # type: ignore[arg-type]  # checked there


def request(
    known: PullRequestMarker | None, number: int = 1, state: PullRequestState = "open"
) -> PullRequest:
    body = "by people" if known is None else write_marker(known)
    return PullRequest(
        number=number,
        url="u",
        title="t",
        body=body,
        branch="imagebot/production",
        base="main",
        head=HEAD,
        state=state,
    )


PUSHED = marker(ONE, pushed=HEAD)
BOTH = marker(ONE, TWO, pushed=HEAD)
SAME = request(PUSHED)
OTHER = request(marker(TWO, pushed=HEAD))
MOVED = request(marker(ONE, pushed=HEAD, blobs="other"))
LARGER = request(BOTH)
DAMAGED = request(None)
CLOSED = request(PUSHED, 7, "closed")
NOTED = request(marker(ONE, pushed=HEAD, notes="n"))
RETIRED = request(marker(ONE, pushed=HEAD, retired=True))
TOLD = request(marker(ONE, pushed=HEAD, people=HEAD, notes="n"))
PEOPLE = ("alice@example.com",)


def by_people(open_: PullRequest | None, branch: str = HEAD) -> Observed:
    return Observed(open_, branch=branch, people=PEOPLE)


@pytest.mark.parametrize(
    ("wanted", "observed", "action"),
    [
        # Nothing is there, or only what is over.
        (Wanted(marker(ONE)), Observed(), Open()),
        (Wanted(marker(ONE)), Observed(branch=HEAD), Open()),
        (Wanted(marker(ONE)), Observed(closed=(request(PUSHED, 7, "merged"),)), Open()),
        (Wanted(marker(ONE)), Observed(closed=(request(None, 7, "closed"),)), Open()),
        # People closed it: wholly, in another pull request each, or only in part.
        (Wanted(marker(ONE)), Observed(closed=(CLOSED,)), Leave(CLOSED, HEAD)),
        (
            Wanted(marker(ONE)),
            Observed(closed=(request(dataclasses.replace(PUSHED, retired=True), 7, "closed"),)),
            Open(),
        ),
        (Wanted(marker(ONE, TWO)), Observed(closed=(CLOSED,)), Open()),
        # An open one that has what is wanted.
        (Wanted(marker(ONE)), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        (Wanted(marker(ONE, policies=("p",))), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        # One that has something else, starts from other files, or has lost its branch or marker.
        (Wanted(marker(ONE)), Observed(OTHER, branch=HEAD), Revise(OTHER)),
        (Wanted(marker(ONE)), Observed(MOVED, branch=HEAD), Revise(MOVED)),
        (Wanted(marker(ONE)), Observed(SAME), Revise(SAME)),
        (Wanted(marker(ONE)), Observed(DAMAGED, branch=HEAD), Revise(DAMAGED)),
        (Wanted(marker(ONE)), Observed(LARGER, branch=HEAD), Revise(LARGER)),
        # One whose text says something else.
        (Wanted(marker(ONE, notes="n")), Observed(SAME, branch=HEAD), Annotate(SAME)),
        (Wanted(marker(ONE)), Observed(NOTED, branch=HEAD), Annotate(NOTED)),
        (Wanted(marker(ONE, gone=True)), Observed(SAME, branch=HEAD), Annotate(SAME)),
        (Wanted(marker(ONE, notes="n")), Observed(OTHER, branch=HEAD), Revise(OTHER)),
        # One that was about to be closed, or whose people have gone, is the bot's again.
        (Wanted(marker(ONE)), Observed(RETIRED, branch=HEAD), Annotate(RETIRED)),
        (Wanted(marker(ONE)), Observed(TOLD, branch=HEAD), Annotate(TOLD)),
        # A branch that must stay as it is.
        (Wanted(marker(TWO), frozen=True), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        (Wanted(marker(), frozen=True), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        (Wanted(marker(notes="n"), frozen=True), Observed(SAME, branch=HEAD), Annotate(SAME)),
        (Wanted(marker(ending="c"), frozen=True), Observed(SAME, branch=HEAD), Annotate(SAME)),
        (Wanted(marker(TWO), frozen=True), Observed(DAMAGED, branch=HEAD), Leave(DAMAGED, "")),
        (Wanted(marker(TWO), frozen=True), Observed(branch=HEAD), Leave()),
        # What people have committed is never overwritten, unless they gave it back.
        (Wanted(marker(ONE)), by_people(SAME), Wait(SAME, PEOPLE)),
        (Wanted(marker(ONE)), by_people(OTHER), Wait(OTHER, PEOPLE)),
        (Wanted(marker(ONE)), by_people(DAMAGED), Wait(DAMAGED, PEOPLE)),
        (Wanted(marker(ONE)), by_people(TOLD), Wait(TOLD, PEOPLE, told=True)),
        (Wanted(marker(ONE)), by_people(TOLD, branch="d" * 40), Wait(TOLD, PEOPLE)),
        (Wanted(marker(ONE)), by_people(None), Wait(None, PEOPLE)),
        (Wanted(marker(), closing=True), by_people(SAME), Wait(SAME, PEOPLE)),
        (Wanted(marker(), frozen=True), by_people(SAME), Wait(SAME, PEOPLE)),
        (
            Wanted(marker(ONE)),
            Observed(TOLD, branch="d" * 40, given_back=True),
            Revise(TOLD),
        ),
        (Wanted(marker(ONE)), Observed(SAME, branch=HEAD, given_back=True), Leave(SAME, HEAD)),
        # Nothing is wanted of it: only a reason closes it.
        (Wanted(marker()), Observed(), Leave()),
        (Wanted(marker()), Observed(closed=(CLOSED,)), Leave()),
        (Wanted(marker()), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        (Wanted(marker(), closing=True), Observed(SAME, branch=HEAD), Close(SAME)),
        (Wanted(marker(), closing=True), Observed(closed=(CLOSED,)), Leave()),
    ],
)
def test_what_is_done(wanted: Wanted, observed: Observed, action: Action) -> None:
    assert decide(wanted, observed) == action
    assert decide(wanted, observed) == action


@pytest.mark.parametrize(
    ("wanted", "observed", "has"),
    [
        (marker(ONE), Observed(SAME, branch=HEAD), True),
        (marker(ONE), Observed(LARGER, branch=HEAD), True),
        (marker(ONE, TWO), Observed(SAME, branch=HEAD), False),
        (marker(TWO), Observed(SAME, branch=HEAD), False),
        (marker(ONE), Observed(SAME), False),
        (marker(ONE), Observed(), False),
    ],
)
def test_what_an_open_one_has(wanted: PullRequestMarker, observed: Observed, has: bool) -> None:
    assert has_all(Wanted(wanted), observed) is has


def test_a_branch_that_was_given_back() -> None:
    assert is_given_back(TOLD, None)
    assert not is_given_back(TOLD, HEAD)
    assert not is_given_back(SAME, None)
    assert not is_given_back(DAMAGED, None)
