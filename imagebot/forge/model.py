"""The protocol of a forge, such as GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from imagebot.values import dataclass

PullRequestState = Literal["open", "closed", "merged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`branch` goes into `base`; `head` is its commit, "" where the forge does not say.

    `created` and `closed` (or merged) have a time zone, and are None where the forge does not say.
    """

    number: int
    url: str
    title: str
    body: str
    branch: str
    base: str
    head: str = ""
    state: PullRequestState = "open"
    created: datetime | None = None
    closed: datetime | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgeLimits:
    """The most characters of a title, of a body and of a comment.

    `hides_comments`: a comment of HTML in a body is kept and not shown to people.
    `closes_with_branch`: an open pull request is closed when its branch is deleted.
    """

    title: int
    body: int
    comment: int
    hides_comments: bool = True
    closes_with_branch: bool = True


@dataclass(frozen=True, slots=True)
class ForgeRights:
    """What a token may do, in one line, and when it ends: None where the forge does not say."""

    summary: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a push to a branch is refused: a part of a sentence about the branch.

    `certain` unless the bot may be an exception, or the forge does not say enough. `hint` says what
    to do where that is not to let the bot push.
    """

    reason: str
    certain: bool
    hint: str = ""


class Forge(Protocol):
    """One project on a forge, and one branch of it that pull requests go into.

    Every method may raise ForgeError, ForgeAuthError, ForgeRateLimitError and
    ForgeUnreachableError; every one can be called again without doing its work twice.
    """

    @property
    def project(self) -> str:
        """What the project is called in output, such as `acme/gitops`."""
        ...

    def disconnect(self) -> None:
        """Close the connections; whoever asks again opens new ones."""
        ...

    @property
    def limits(self) -> ForgeLimits:
        """What the forge takes: a title or comment that is longer is cut, a body is refused."""
        ...

    def check(self, *, proposes: bool = False) -> ForgeRights:
        """What the token may do; with `proposes`, it must be allowed to open pull requests.

        Nothing is made or changed.
        """
        ...

    def obstacles(self, branch: str, *, own: bool) -> tuple[Obstacle, ...]:
        """What the forge says would keep the bot from pushing to a branch; nothing is pushed.

        `own` for a branch of the bot, which it makes and deletes: it need not exist.
        """
        ...

    def find(self, branch: str) -> PullRequest | None:
        """The open pull request of a branch of this project."""
        ...

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        """The merged and closed pull requests of a branch, the newest first (the last 20)."""
        ...

    def list_open(self, prefix: str) -> tuple[PullRequest, ...]:
        """Every open pull request of this project's branches with a prefix, the newest first."""
        ...

    def list_closed(self, prefix: str, *, most: int) -> Iterator[PullRequest]:
        """The newest merged and closed ones of such branches, the newest first.

        Asked for page by page, so that whoever has found enough asks no more.
        """
        ...

    def create(self, *, branch: str, title: str, body: str, draft: bool = False) -> PullRequest:
        """Open a pull request; the open one of that branch when there is one already."""
        ...

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        """Replace title and body."""
        ...

    def close(self, number: int) -> None: ...

    def comment(self, number: int, text: str) -> None:
        """Add a comment, unless the pull request has one with exactly this text."""
        ...

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; the forge creates those it does not know."""
        ...

    def remove_label(self, number: int, label: str) -> None:
        """Take a label away; nothing happens where it is not there."""
        ...

    def set_draft(self, number: int, *, draft: bool) -> None:
        """Make a pull request a draft, or ready for review."""
        ...

    def request_reviewers(self, number: int, reviewers: Sequence[str]) -> None:
        """Request reviews from users, and from teams written as `organisation/team`."""
        ...

    def assign(self, number: int, assignees: Sequence[str]) -> None: ...
