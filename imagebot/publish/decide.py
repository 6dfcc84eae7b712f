"""What is to be done about a pull request, from what is wanted and what is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imagebot.forge.model import PullRequest
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.refusals import refused_by_closing


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pull request that the plan wants; one without updates is to be closed.

    The `pushed` of its marker is still empty. `complete` is false when something of the plan
    failed, so that updates may be missing.
    """

    marker: PullRequestMarker
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Observed:
    """What there is of a pull request.

    `open` is the open one; without one, `closed` are those before it. `branch` is the commit of
    its branch, None when there is no branch. `people` are the addresses of others than the bot who
    have committed to the branch.
    """

    open: PullRequest | None = None
    closed: tuple[PullRequest, ...] = ()
    branch: str | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """Push the branch and open a pull request."""


@dataclass(frozen=True, slots=True)
class Revise:
    """Push the branch, and rewrite the title and text of the open pull request."""

    request: PullRequest


@dataclass(frozen=True, slots=True)
class Leave:
    """Do nothing: `request` can stay as it is, or was closed by people.

    With `comment`, say that it is kept because people have committed to its branch.
    """

    request: PullRequest | None = None
    commit: str = ""
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the pull request and delete its branch: nothing is wanted of it any more."""

    request: PullRequest


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not push: these people have committed to the branch."""

    people: tuple[str, ...]


Action = Open | Revise | Leave | Close | Refuse


def decide(wanted: Wanted, observed: Observed) -> Action:
    """What to do; the same values give the same answer."""
    request = observed.open
    if not wanted.marker.updates:
        return _without_updates(observed)
    if request is not None and is_current(wanted, observed):
        known = read_marker(request.body)
        return Leave(request, known.pushed if known else "")
    refused = _refused(wanted.marker, observed.closed) if request is None else {}
    if refused.keys() == set(wanted.marker.updates):
        closed = next(iter(refused.values()))
        return Leave(closed, closed.head)
    if observed.people:
        return Refuse(observed.people)
    return Open() if request is None else Revise(request)


def is_current(wanted: Wanted, observed: Observed) -> bool:
    """Whether the open pull request already says what is wanted."""
    known = read_marker(observed.open.body) if observed.open else None
    if known is None or observed.branch is None:
        return False
    marker = wanted.marker
    same = (known.plan, known.blobs) == (marker.plan, marker.blobs)
    # What could not be decided this time would drop out of it, and come back with the next pass.
    waits = not wanted.complete and set(marker.updates) < set(known.updates)
    return same or waits


def _refused(marker: PullRequestMarker, closed: Iterable[PullRequest]) -> dict[str, PullRequest]:
    """Updates that people refused, also since the plan was made; not what they want again."""
    found = refused_by_closing(closed, marker.updates, marker.plan)
    return {id_: request for id_, request in found.items() if id_ not in marker.again}


def _without_updates(observed: Observed) -> Action:
    if observed.open is None:
        return Leave()
    if observed.people:
        return Leave(observed.open, observed.open.head, comment=True)
    return Close(observed.open)
