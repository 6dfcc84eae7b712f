"""What is to be done about a pull request, from what is wanted and what is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from imagebot.forge.model import PullRequest
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.refusals import refused_by_closing
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pull request that is wanted.

    The `pushed` of its marker is still empty. `closing` when it is to be closed, `frozen` when its
    branch must stay as it is.
    """

    marker: PullRequestMarker
    closing: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What there is of a pull request.

    `open` is the open one; without one, `closed` are those before it. `branch` is the commit of
    its branch, None when there is no branch. `people` are the addresses of others than the bot who
    have changed something on the branch; `given_back` when they want imagebot to replace that.
    `recovered` is the state of the open one where its text does not have the whole; `rewritten`
    when the branch has nobody else's commits, but is not at what the bot pushed last.
    """

    open: PullRequest | None = None
    closed: tuple[PullRequest, ...] = ()
    branch: str | None = None
    people: tuple[str, ...] = ()
    given_back: bool = False
    recovered: PullRequestMarker | None = None
    rewritten: bool = False

    @property
    def known(self) -> PullRequestMarker | None:
        """What the bot keeps in the open pull request; None where that is lost."""
        return self.recovered or self.in_text

    @property
    def in_text(self) -> PullRequestMarker | None:
        return read_marker(self.open.body) if self.open else None


@dataclass(frozen=True, slots=True)
class Open:
    """Push the branch and open a pull request."""


@dataclass(frozen=True, slots=True)
class Revise:
    """Push the branch, and rewrite the title and text of the open pull request."""

    request: PullRequest


@dataclass(frozen=True, slots=True)
class Annotate:
    """Change the notes, the title and the marker of the open pull request, not what it proposes."""

    request: PullRequest


@dataclass(frozen=True, slots=True)
class Leave:
    """Do nothing: `request` can stay as it is, or was closed by people."""

    request: PullRequest | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the pull request and delete its branch: nothing is wanted of it any more."""

    request: PullRequest


@dataclass(frozen=True, slots=True)
class Wait:
    """Leave the branch to the people who work on it; unless they were `told`, say so."""

    request: PullRequest | None
    people: tuple[str, ...]
    told: bool = False


Action = Open | Revise | Annotate | Leave | Close | Wait


def decide(wanted: Wanted, observed: Observed) -> Action:
    """What to do; the same values give the same answer."""
    request = observed.open
    if request is not None:
        return _about_open(request, wanted, observed)
    if wanted.closing or wanted.frozen or not wanted.marker.updates:
        return Leave()
    refused = _refused(wanted.marker, observed.closed)
    if refused.keys() == set(wanted.marker.updates):
        closed = next(iter(refused.values()))
        return Leave(closed, closed.head)
    return Wait(None, observed.people) if observed.people else Open()


def _about_open(request: PullRequest, wanted: Wanted, observed: Observed) -> Action:
    known = observed.known
    if observed.people:
        told = known is not None and observed.branch == known.people != ""
        return Wait(request, observed.people, told)
    if wanted.closing:
        return Close(request)
    may_push = not wanted.frozen and wanted.marker.updates
    if may_push and not is_current(wanted, observed):
        return Revise(request)
    if known is None or (observed.in_text and _says_the_same(known, wanted.marker)):
        return Leave(request, known.pushed if known else "")
    return Annotate(request)


def is_current(wanted: Wanted, observed: Observed) -> bool:
    """Whether the open pull request already has what is wanted, on its branch and in its text."""
    known = observed.known
    if known is None or observed.in_text is None or observed.branch is None or observed.rewritten:
        return False
    if observed.given_back and observed.branch != known.pushed:
        return False
    marker = wanted.marker
    return (known.plan, known.blobs) == (marker.plan, marker.blobs)


def has_all(wanted: Wanted, observed: Observed) -> bool:
    """Whether the open pull request has every update that is wanted, and maybe others."""
    known = observed.known
    if known is None or observed.branch is None:
        return False
    return is_current(wanted, observed) or set(wanted.marker.updates) < set(known.updates)


def annotated(known: PullRequestMarker, wanted: PullRequestMarker) -> PullRequestMarker:
    """The marker that a pull request has, with what is wanted of its text."""
    return replace(
        known,
        notes=wanted.notes,
        gone=wanted.gone,
        unlisted=wanted.unlisted,
        ending=wanted.ending,
        ending_since=wanted.ending_since,
        people="",
        retired=False,
    )


def _says_the_same(known: PullRequestMarker, wanted: PullRequestMarker) -> bool:
    return known == annotated(known, wanted)


def _refused(marker: PullRequestMarker, closed: Iterable[PullRequest]) -> dict[str, PullRequest]:
    """Updates that people refused, also since the plan was made; not what they want again."""
    found = refused_by_closing(closed, marker.updates, marker.plan)
    return {id_: request for id_, request in found.items() if id_ not in marker.again}


def is_given_back(request: PullRequest, branch: str | None) -> bool:
    """Whether people gave a branch back by deleting it, which may close its pull request.

    They were told to; so this closing refuses nothing.
    """
    known = read_marker(request.body)
    return branch is None and known is not None and known.people != ""
