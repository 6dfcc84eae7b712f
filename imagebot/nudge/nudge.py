"""Tells those who deploy of what a pass has committed, all at once and within ten seconds.

What fails becomes a problem: whoever is not told looks by itself some time later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from imagebot.config.model import BotConfiguration
from imagebot.config.model_serve import Nudge
from imagebot.config.secret import Vault
from imagebot.errors import ImagebotError, NudgeError
from imagebot.http.transport import Transport
from imagebot.nudge.build import build_calls
from imagebot.nudge.commits import commits_of
from imagebot.nudge.model import Call, Commit, Nudged, Passed
from imagebot.nudge.secret import secret_of
from imagebot.nudge.send import Sender
from imagebot.parallel.stop import Stop
from imagebot.parallel.threads import Lanes, map_at_once
from imagebot.problem import BUG, Problem
from imagebot.values import dataclass

SECONDS = 10.0
"""From the start to the end of everything."""
_GRACE = 1.0
"""More seconds that a call may take to notice that its time is up."""
_EACH = 8
_MOST = 64
_TICK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A call, and what became of it where that is known already."""

    nudge: Nudge
    call: Call | None
    outcome: Nudged


def nudge(
    bot: BotConfiguration,
    result: Passed,
    *,
    environment: Mapping[str, str],
    vault: Vault,
    stop: Stop,
    seconds: float = SECONDS,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Nudged, ...]:
    """Tell of each commit of a pass whom the bot's own file names for its target.

    Returns what became of each call, in the order of the commits and the nudges, within `seconds`
    and a moment, or at once when `stop` is asked. Never raises because of a nudge.
    """
    commits = tuple(commits_of(bot, result)) if bot.nudges else ()
    tasks = [
        task
        for commit in commits
        for each in bot.nudges
        if not each.targets or commit.target in each.targets
        for task in _tasks(each, commit, environment, vault, int(now()))
    ]
    if not tasks:
        return ()
    transport = Transport()
    try:
        sender = Sender(
            transport=transport, deadline=time.monotonic() + seconds, stop=stop, sleep=sleep
        )
        return _all_at_once(tasks, sender)
    finally:
        transport.close()


def _tasks(
    nudge_: Nudge, commit: Commit, environment: Mapping[str, str], vault: Vault, moment: int
) -> Iterator[_Task]:
    outcome = Nudged(target=commit.target, nudge=str(nudge_), commit=commit.commit)
    try:
        calls = build_calls(nudge_, commit, secret_of(nudge_, environment, vault), moment)
    except ImagebotError as error:
        yield _Task(nudge=nudge_, call=None, outcome=_failed(outcome, error.message, error.hint))
        return
    for call in calls:
        yield _Task(nudge=nudge_, call=call, outcome=replace(outcome, application=call.application))


def _all_at_once(tasks: Sequence[_Task], sender: Sender) -> tuple[Nudged, ...]:
    """What became of each task. No thread is waited for after the deadline, or once `stop` is
    asked: the result of the pass must not be lost.
    """
    done: dict[int, Nudged] = {}
    finished = threading.Event()

    def one(number: int) -> None:
        done[number] = _send(tasks[number], sender)

    # No nudge keeps the others waiting, and none sends everything at once.
    lanes: Lanes[int] = Lanes(lambda number: id(tasks[number].nudge), lambda _: _EACH)

    def every() -> None:
        try:
            map_at_once(one, range(len(tasks)), workers=_MOST, lanes=lanes)
        finally:
            finished.set()

    threading.Thread(target=every, name="nudges", daemon=True).start()
    while not finished.wait(_TICK):
        if sender.stop.asked or sender.clock() > sender.deadline + _GRACE:
            break
    why = "imagebot was asked to stop" if sender.stop.asked else "there was no answer in time"
    known = dict(done)
    return tuple(
        known.get(number) or _failed(task.outcome, why) for number, task in enumerate(tasks)
    )


def _send(task: _Task, sender: Sender) -> Nudged:
    if task.call is None:
        return task.outcome
    try:
        answered = sender.send(task.nudge.type, task.call)
    except ImagebotError as error:
        return _failed(task.outcome, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a bug in a nudge must not cost the result of a pass
        # Not its text, which may have what the other end said.
        return _failed(task.outcome, f"sorry, this is a bug: {type(error).__name__}", code=BUG)
    return replace(task.outcome, answered=answered)


def _failed(outcome: Nudged, reason: str, hint: str = "", code: str = NudgeError.code) -> Nudged:
    about = f" ({outcome.application})" if outcome.application else ""
    problem = Problem(
        scope="change",
        subject=f"{outcome.target}: {outcome.nudge}{about}",
        code=code,
        message=f"{outcome.nudge}{about}: {reason}",
        hint=hint,
        target=outcome.target,
    )
    return replace(outcome, answered=False, problem=problem)
