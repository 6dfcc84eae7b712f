"""What the daemon knows of its targets, for whoever looks: the page, the metrics, the probes.

Written by the loop, read by the threads of the listener.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from imagebot.config.model import Target
from imagebot.problem import Problem
from imagebot.run.events import describe
from imagebot.run.passes import PassResult

_MOST_UPDATES = 50
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """`last_good` is the last pass without a problem. `problems` are the first ones of the last
    pass, of `problem_count`. `images` counts the image fields, and `waiting` the updates that
    are not published."""

    name: str
    url: str
    branch: str
    running: bool = False
    last_pass: datetime | None = None
    last_good: datetime | None = None
    seconds: float = 0.0
    images: int = 0
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    paused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassEnd:
    """When a pass ended, how many seconds it took, and how many ago the first hint was heard that
    it answered; None if there was none."""

    at: datetime
    seconds: float
    latency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something that was published. `latency` is in seconds since it was heard of, None if it was
    found by a schedule."""

    at: datetime
    target: str
    text: str
    updates: tuple[str, ...] = ()
    url: str = ""
    latency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All of it at a moment; `done` has the newest first. `ready`: each target had a pass.
    `turned` is when the loop last went round."""

    targets: tuple[TargetState, ...] = ()
    done: tuple[Done, ...] = ()
    ready: bool = False
    turned: datetime
    refused: str = ""


class Board:
    """Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: dict[str, TargetState] = {}
        self._done: deque[Done] = deque(maxlen=_MOST_UPDATES)
        # The loop begins as soon as it can.
        self._rest = Snapshot(turned=datetime.now(UTC))

    def snapshot(self) -> Snapshot:
        with self._lock:
            return replace(
                self._rest,
                targets=tuple(self._targets.values()),
                done=tuple(reversed(self._done)),
            )

    def follow(self, targets: Iterable[Target]) -> None:
        """These are the targets from now on."""
        with self._lock:
            before = self._targets
            self._targets = {}
            for target in targets:
                known = before.get(target.name)
                state = known or TargetState(name=target.name, url=target.url, branch=target.branch)
                self._targets[target.name] = replace(
                    state, url=target.url, branch=target.branch, paused=target.paused
                )

    def turn(self, now: datetime, *, ready: bool) -> None:
        """The loop goes round."""
        with self._lock:
            self._rest = replace(self._rest, turned=now, ready=ready)

    def refuse(self, reason: str) -> None:
        """The bot's file was changed to one that is refused; "": it is as it should be."""
        with self._lock:
            self._rest = replace(self._rest, refused=reason)

    def begin(self, name: str) -> None:
        self._set(name, running=True)

    def end(self, name: str, result: PassResult, ended: PassEnd) -> None:
        """A pass of a target has ended."""
        plan = result.plan
        with self._lock:
            state = self._targets.get(name)
            if state is None:
                return
            self._targets[name] = replace(
                state,
                running=False,
                last_pass=ended.at,
                last_good=state.last_good if plan.problems else ended.at,
                seconds=ended.seconds,
                images=len(plan.updates) + len(plan.kept),
                problems=plan.problems[:_MOST_PROBLEMS],
                problem_count=len(plan.problems),
            )
            self._done.extend(_done(name, result, ended))

    def _set(self, name: str, *, running: bool) -> None:
        with self._lock:
            if name in self._targets:
                self._targets[name] = replace(self._targets[name], running=running)


def _done(name: str, result: PassResult, ended: PassEnd) -> Iterator[Done]:
    updates = {update.id: update for update in result.plan.updates}
    for entry in result.published:
        if entry.as_before or entry.status == "failed":
            continue
        mine = [updates[each] for each in entry.updates if each in updates]
        yield Done(
            at=ended.at,
            target=name,
            text=describe(entry),
            updates=tuple(f"{each.field.reference} -> {each.new_reference}" for each in mine),
            url=entry.url,
            latency=ended.latency,
        )
