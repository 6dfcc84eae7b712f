"""What arrives at a hook, and what is understood of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from imagebot.reference import Repository
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request to a hook: headers by their names in lower case, the query's parameters, and the
    raw body."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something was pushed to a repository: look there. `tag` is "" where none is named."""

    repository: Repository
    tag: str = ""


@dataclass(frozen=True, slots=True)
class GitEvent:
    """Something happened in a Git repository, which has these addresses, on a branch.

    `commit` is where the branch is now, or the pull request's; "" for none. `request`: it is about
    a pull request to that branch, not about a push to it.
    """

    urls: tuple[str, ...]
    branch: str
    commit: str = ""
    request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a delivery says; nothing, where it is of a kind that nobody waits for.

    `id` names the delivery, "" where its sender gives it none. `answer` is the JSON that the sender
    must get back, "" where it does not look at the answer: Event Grid's validation of a hook.
    """

    images: tuple[Announcement, ...] = ()
    git: tuple[GitEvent, ...] = ()
    id: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that is not accepted: the status of the answer, and the reason for the log.

    The sender does not get to know the reason.
    """

    status: int
    reason: str
