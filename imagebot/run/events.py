"""What a pass has to say, as events for a log: what was done, and what stands in the way. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Literal

from imagebot.errors import NudgeError
from imagebot.plan.model import Kept, Plan, Published, Update
from imagebot.problem import Problem
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.nudge.model import Nudged

Level = Literal["info", "warning", "error"]

PASS = "pass"  # noqa: S105 - no password
"""The name of the event that each pass ends with."""
NUDGE = NudgeError.code
"""The code of what does not stand: nobody tries again to tell of a commit."""
HELD = frozenset({"rolled-back", "refused", "window", "limit"})
"""The codes of updates that are kept back by something else than their policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a log.

    `key` is the same in every pass for what stands from pass to pass, such as a problem; "" for
    what happens once. `data` has values of JSON, and names that stay. `text` is what is shown
    instead of the message where nothing shows the data.
    """

    name: str
    level: Level
    message: str
    text: str = ""
    hint: str = ""
    key: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


def happened(plan: Plan, published: tuple[Published, ...]) -> Iterator[Event]:
    """What a pass has changed: each commit, and each pull request that is not as it was."""
    from imagebot.plan.report import update_entries

    updates = {update.id: update for update in plan.updates}
    for entry in filter(is_done, published):
        mine = [updates[id_] for id_ in entry.updates if id_ in updates]
        yield Event(
            name=entry.status,
            level="info",
            message=describe(entry),
            data={
                "target": entry.target,
                "route": entry.route,
                "commit": entry.commit or None,
                "branch": entry.branch or None,
                "pullRequest": _request(entry),
                "updates": update_entries(mine),
            },
        )


def is_done(entry: Published) -> bool:
    """Whether a pass has changed something: there is a commit, or a request is not as it was."""
    return not entry.as_before and entry.status != "failed"


def describe(entry: Published) -> str:
    """What became of a change, on one line."""
    what = entry.url or entry.branch
    commit = f" {entry.commit[:12]}" if entry.commit else ""
    number = f" #{entry.number}" if entry.number else ""
    count = len(entry.updates)
    updates = f" ({count} update{'' if count == 1 else 's'})" if count else ""
    return f"{entry.target}: {entry.route}: {entry.status}{number}{commit} {what}{updates}"


def _request(entry: Published) -> Mapping[str, object] | None:
    return {"number": entry.number, "url": entry.url} if entry.number else None


def told(nudged: Iterable[Nudged]) -> Iterator[Event]:
    """Who was told of the commits, and who could not be: that is over with the pass."""
    for entry in nudged:
        if entry.problem is not None:
            if entry.problem.code == NUDGE:
                yield replace(of_problem(entry.problem), key="")
            continue
        yield Event(
            name="nudged",
            level="info",
            message=str(entry),
            data={
                "target": entry.target,
                "nudge": entry.nudge,
                "commit": entry.commit,
                "application": entry.application or None,
                "answered": entry.answered,
            },
        )


def standing(plan: Plan, published: tuple[Published, ...] = ()) -> Iterator[Event]:
    """What is wrong, or waits, for as long as it does: warnings, problems, updates kept back, and
    pull requests that are left to people."""
    for entry in published:
        if entry.status == "waiting-for-people":
            yield Event(
                name=entry.status,
                level="info",
                message=describe(entry),
                key=_key(entry.status, entry.target, entry.branch),
                data={
                    "target": entry.target,
                    "route": entry.route,
                    "branch": entry.branch,
                    "pullRequest": _request(entry),
                },
            )
    for warning in plan.warnings:
        yield Event(name="warning", level="warning", message=warning, key=_key("warning", warning))
    for kept in () if plan.unmoved else plan.kept:
        if kept.decision.code in HELD:
            yield _held(kept)
    for problem in plan.problems:
        if problem.code != NUDGE:
            yield of_problem(problem)


def _held(kept: Kept) -> Event:
    field_, decision = kept.field, kept.decision
    target = kept.target.name
    place = f"{target}: {field_.path}:{field_.line}" if target else f"{field_.path}:{field_.line}"
    until = decision.eligible_at
    return Event(
        name="kept",
        level="info",
        message=f"{place}: {field_.reference}: {decision.reason}",
        key=_key("kept", target, field_.path, str(field_.reference), decision.reason),
        data={
            "target": target or None,
            "path": field_.path,
            "line": field_.line,
            "reference": str(field_.reference),
            "code": decision.code,
            "eligibleAt": until.isoformat() if until else None,
        },
    )


def of_problem(problem: Problem) -> Event:
    place = (problem.target, problem.scope, problem.subject, problem.code, problem.path)
    return Event(
        name="problem",
        level="error",
        message=problem.message,
        text=problem.placed,
        hint=problem.hint,
        # Lines and numbers change from pass to pass: that is still the same problem.
        key=_key("problem", *place, re.sub(r"\d+", "#", problem.message)),
        data={
            "scope": problem.scope,
            "subject": problem.subject,
            "code": problem.code,
            "target": problem.target or None,
            "path": problem.path or None,
            "line": problem.line or None,
            "places": [{"path": each.path, "line": each.line} for each in problem.places],
        },
    )


def _key(*parts: str) -> str:
    return "\0".join(parts)


def image_fields(plan: Plan) -> int | None:
    """How many image fields a target has; None where it could not be read, which says nothing of
    them."""
    found = len(plan.updates) + len(plan.kept)
    failed = any(problem.scope == "target" for problem in plan.problems)
    return None if failed and not found else found


def pending(updates: tuple[Update, ...], published: tuple[Published, ...]) -> int:
    """How many updates of a plan are neither committed nor in a pull request."""
    done = {id_ for entry in published if entry.status != "failed" for id_ in entry.updates}
    return sum(update.id not in done for update in updates)
