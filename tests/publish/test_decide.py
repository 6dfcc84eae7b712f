"""What is done about a pull request, as a table: no Git, no forge."""

from __future__ import annotations

import dataclasses

import pytest

from imagebot.forge.model import PullRequest, PullRequestState
from imagebot.publish.decide import (
    Action,
    Close,
    Leave,
    Observed,
    Open,
    Refuse,
    Revise,
    Wanted,
    decide,
)
from imagebot.publish.marker import PullRequestMarker, write_marker

ONE, TWO = "1" * 12, "2" * 12
HEAD = "c" * 40


def marker(*updates: str, **fields: str | bool) -> PullRequestMarker:
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
PEOPLE = ("alice@example.com",)


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
        # An open one that says what is wanted, whoever committed to its branch.
        (Wanted(marker(ONE)), Observed(SAME, branch=HEAD), Leave(SAME, HEAD)),
        (Wanted(marker(ONE)), Observed(SAME, branch=HEAD, people=PEOPLE), Leave(SAME, HEAD)),
        # One that says something else, starts from other files, or has lost its branch or marker.
        (Wanted(marker(ONE)), Observed(OTHER, branch=HEAD), Revise(OTHER)),
        (Wanted(marker(ONE)), Observed(MOVED, branch=HEAD), Revise(MOVED)),
        (Wanted(marker(ONE)), Observed(SAME), Revise(SAME)),
        (Wanted(marker(ONE)), Observed(DAMAGED, branch=HEAD), Revise(DAMAGED)),
        # A plan in which something failed takes nothing out of it, but puts new things in.
        (Wanted(marker(ONE)), Observed(LARGER, branch=HEAD), Revise(LARGER)),
        (Wanted(marker(ONE), complete=False), Observed(LARGER, branch=HEAD), Leave(LARGER, HEAD)),
        (Wanted(marker(ONE, TWO), complete=False), Observed(SAME, branch=HEAD), Revise(SAME)),
        # What people have committed is never overwritten.
        (Wanted(marker(ONE)), Observed(OTHER, branch=HEAD, people=PEOPLE), Refuse(PEOPLE)),
        (Wanted(marker(ONE)), Observed(branch=HEAD, people=PEOPLE), Refuse(PEOPLE)),
        # Nothing is wanted of it any more.
        (Wanted(marker()), Observed(), Leave()),
        (Wanted(marker()), Observed(closed=(CLOSED,)), Leave()),
        (Wanted(marker()), Observed(SAME, branch=HEAD), Close(SAME)),
        (
            Wanted(marker()),
            Observed(SAME, branch=HEAD, people=PEOPLE),
            Leave(SAME, HEAD, comment=True),
        ),
    ],
)
def test_what_is_done(wanted: Wanted, observed: Observed, action: Action) -> None:
    assert decide(wanted, observed) == action
    assert decide(wanted, observed) == action
