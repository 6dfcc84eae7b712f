"""The protocol of a forge, such as GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

PullRequestState = Literal["open", "closed", "merged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`branch` goes into `base`; `head` is its commit, "" where the forge does not say."""

    number: int
    url: str
    title: str
    body: str
    branch: str
    base: str
    head: str = ""
    state: PullRequestState = "open"
    labels: tuple[str, ...] = ()


class Forge(Protocol):
    """One project on a forge, and one branch of it that pull requests go into.

    Every method may raise ForgeError, ForgeAuthError, ForgeRateLimitError and
    ForgeUnreachableError; every one can be called again without doing its work twice.
    """

    @property
    def project(self) -> str:
        """What the project is called in output, such as `acme/gitops`."""
        ...

    def check(self) -> str:
        """One line for `doctor` that says what the token may do."""
        ...

    def find(self, branch: str) -> PullRequest | None:
        """The open pull request of a branch of this project."""
        ...

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        """The merged and closed pull requests of a branch, the newest first (the last 20)."""
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
