"""What the daemon knows of its targets, for whoever looks: the page, the metrics, the probes.

Written by the loop, read by the threads of the listener.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from imagebot.config.model import Target
from imagebot.forge.connect import forge_kind
from imagebot.git.url import parse_url
from imagebot.problem import Problem
from imagebot.run.events import describe, image_fields, is_done
from imagebot.run.passes import PassResult
from imagebot.values import dataclass

_MOST_UPDATES = 50
_MOST_PROBLEMS = 20
_MOST_IN_A_CHANGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """`commits` is where its forge shows commits, "" where that is not known.

    `last_good` is the last pass without a problem. `problems` are the first ones of the last pass,
    of `problem_count`, and `warnings` the first of its warnings. `images` counts the image fields
    of the last pass that could read the target.
    """

    name: str
    url: str
    branch: str
    commits: str = ""
    running: bool = False
    last_pass: datetime | None = None
    last_good: datetime | None = None
    seconds: float = 0.0
    images: int = 0
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    warnings: tuple[str, ...] = ()
    paused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassEnd:
    """When a pass ended, how many seconds it took, and how many ago the first push was heard that
    it published something for; None if there was none."""

    at: datetime
    seconds: float
    latency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something that was published. `latency` is in seconds since it was heard of, None if it was
    found by a schedule. `updates` are the first of `update_count`. `url` is that of the pull
    request, or of the commit where the forge is known to show it."""

    at: datetime
    target: str
    text: str
    updates: tuple[str, ...] = ()
    update_count: int = 0
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
                    state,
                    url=target.url,
                    branch=target.branch,
                    commits=_commits(target),
                    paused=target.paused,
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
                images=state.images if (found := image_fields(plan)) is None else found,
                problems=plan.problems[:_MOST_PROBLEMS],
                problem_count=len(plan.problems),
                warnings=plan.warnings[:_MOST_PROBLEMS],
            )
            self._done.extend(_done(state, result, ended))

    def _set(self, name: str, *, running: bool) -> None:
        with self._lock:
            if name in self._targets:
                self._targets[name] = replace(self._targets[name], running=running)


def _commits(target: Target) -> str:
    """What a commit's id follows in the URL of its page."""
    if forge_kind(target) != "github":
        return ""
    url = parse_url(target.url)
    return f"{url.origin or f'https://{url.host}'}/{url.project}/commit/"


def _done(state: TargetState, result: PassResult, ended: PassEnd) -> Iterator[Done]:
    updates = {update.id: update for update in result.plan.updates}
    for entry in filter(is_done, result.published):
        mine = [updates[each] for each in entry.updates if each in updates]
        shown = (f"{each.field.reference} -> {each.new_reference}" for each in mine)
        yield Done(
            at=ended.at,
            target=state.name,
            text=describe(entry),
            updates=tuple(itertools.islice(shown, _MOST_IN_A_CHANGE)),
            update_count=len(mine),
            url=entry.url or (state.commits + entry.commit if state.commits else ""),
            latency=ended.latency,
        )
