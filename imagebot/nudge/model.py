"""What was committed, what is sent because of it, and what became of that. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from imagebot.config.model_serve import Nudge
from imagebot.http.message import Request
from imagebot.plan.model import Plan, Published
from imagebot.problem import Problem
from imagebot.values import dataclass


class Passed(Protocol):
    """What a nudge needs to know of a pass; `imagebot.run.passes.PassResult` is one."""

    @property
    def plan(self) -> Plan: ...

    @property
    def published(self) -> tuple[Published, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedUpdate:
    """`name` is the image's repository; `old` and `new` are whole references, as in the file."""

    name: str
    old: str
    new: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit on the branch of a target. `before` is the head that it was made on."""

    target: str
    url: str
    branch: str
    commit: str
    before: str
    updates: tuple[CommittedUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of a nudge.

    `application` is that of Argo CD, "" where there is none. `waits`: the other end answers when
    its work is done, so no answer in time does not mean that it was not told.
    """

    request: Request = field(repr=False)
    application: str = ""
    waits: bool = False


Builder = Callable[[Nudge, Commit, str, int], tuple[Call, ...]]
"""Makes the calls for a commit with a secret ("" for none), at a time in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged:
    """What became of a call. It failed where there is a `problem`.

    `nudge` names it without its path, which may be a secret. Not `answered`: it was told, and has
    not said within the time that its work is done.
    """

    target: str
    nudge: str
    commit: str
    application: str = ""
    answered: bool = True
    problem: Problem | None = None

    def __str__(self) -> str:
        about = f" to refresh {self.application}" if self.application else ""
        late = "" if self.answered else ", which is still at it"
        return f"{self.target}: nudged {self.nudge}{about}{late}"
