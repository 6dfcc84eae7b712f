"""The loop: hears events, keeps schedules, and runs passes of targets side by side."""

from __future__ import annotations

import contextlib
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime

from imagebot.config.model import BotConfiguration, Target
from imagebot.config.model_serve import ServeOptions
from imagebot.git.checkout import BOT_BRANCHES
from imagebot.git.url import same_repository
from imagebot.nudge.model import Nudged
from imagebot.parallel.turns import Turns
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.events import is_done
from imagebot.run.hiding import without_secrets
from imagebot.run.journal import Journal
from imagebot.run.metrics import Metrics
from imagebot.run.passes import PassResult, prepare_passes
from imagebot.run.process import Process
from imagebot.serve.agenda import Agenda, Hint, Job
from imagebot.serve.board import Board, PassEnd
from imagebot.serve.freshness import schedule_of, seconds_until_next
from imagebot.serve.hooks.model import GitEvent
from imagebot.serve.inbox import Inbox, Mail
from imagebot.serve.passes import Pass, Passes
from imagebot.values import dataclass

_PASSES_AT_ONCE = 32
_WORKING_AT_ONCE = 4
"""Of the passes; the others wait for registries."""
_TICK = 1.0
"""Seconds after which the loop looks around, although nothing happened."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A pass under way; `id` is in all lines of its log."""

    of: Pass
    id: str
    began: float


@dataclass(slots=True)
class Daemon:
    """Call `follow` with the configuration, and then `turn` for ever. For one thread, the main
    one: it is the one that signals interrupt."""

    process: Process
    diagnostics: Diagnostics
    inbox: Inbox
    board: Board
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)
    _bot: BotConfiguration | None = field(default=None, init=False)
    _agenda: Agenda = field(init=False)
    _passes: Passes = field(init=False)
    _journals: dict[str, Journal] = field(default_factory=dict, init=False)
    _done: queue.SimpleQueue[tuple[_Work, PassResult]] = field(
        default_factory=queue.SimpleQueue, init=False
    )
    _nudged: queue.SimpleQueue[tuple[_Work, tuple[Nudged, ...]]] = field(
        default_factory=queue.SimpleQueue, init=False
    )

    def __post_init__(self) -> None:
        prepare_passes()
        self._agenda = Agenda(self._after)
        self._passes = Passes(self.process, Turns(_WORKING_AT_ONCE), self.metrics.ask)

    @property
    def running(self) -> int:
        """How many passes are under way."""
        return self._agenda.running

    def follow(self, bot: BotConfiguration) -> None:
        """Go by this configuration from now on."""
        before, self._bot = self._bot, bot
        self._agenda.settle = _options(bot).settle
        anew = before is not None and _rest(before) != _rest(bot)
        self._agenda.follow(bot.targets, self.clock(), anew=anew)
        self.board.follow(bot.targets)
        self.metrics.follow((each.name, bool(each.paused)) for each in bot.targets)
        self.metrics.follow_hooks(_options(bot).hooks)
        self._journals = {
            target.name: self._journals.get(target.name) or Journal(self.diagnostics)
            for target in bot.targets
        }

    def turn(self) -> None:
        """Go round once: what is due begins, what is done is told, and then it waits for more."""
        agenda = self._agenda
        self._finish_passes()
        again = agenda.retries(self.clock())
        self._passes.forget({image.repository for image in again}, self._following)
        for job in agenda.take(self.clock(), _PASSES_AT_ONCE):
            self._start(job)
        self.board.turn(datetime.now(UTC), ready=agenda.ready)
        self.metrics.queue(running=agenda.running, waiting=agenda.waiting)
        wait = agenda.next_moment(_PASSES_AT_ONCE) - self.clock()
        self._read(self.inbox.take(max(0.0, min(_TICK, wait))))

    @property
    def _following(self) -> BotConfiguration:
        assert self._bot is not None, "follow comes first"
        return self._bot

    def _after(self, target: Target) -> float:
        schedule = schedule_of(self._following, target)
        return seconds_until_next(schedule, datetime.now(UTC), self.chance.random())

    def _read(self, mail: Mail) -> None:
        if mail.overflowed:
            self._passes.forget_all(self._following)
            self._agenda.follow(self._following.targets, self.clock(), anew=True)
        hints = [Hint(image, heard) for image, heard in mail.images]
        news = {hint.image.repository for hint in hints if self._agenda.hear(hint)}
        self._passes.forget(news, self._following)
        for event, heard in mail.git:
            names = [each.name for each in self._following.targets if _concerns(event, each)]
            # A pull request may be closed or merged while its commit stays the bot's own.
            commit = "" if event.request else event.commit
            self._agenda.hear_git(names, commit, heard)

    def _start(self, job: Job) -> None:
        begun = self._passes.begin(job, self._following)
        self.board.begin(job.target.name)
        work = _Work(begun, secrets.token_hex(4), self.clock())
        name = f"pass-{job.target.name}"
        threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()

    def _run(self, work: _Work) -> None:
        """In a thread of its own."""
        # Once the process is asked to end there is no result, and nobody waits for one.
        with contextlib.suppress(KeyboardInterrupt):
            result = work.of.run()
            self._done.put((work, result))
            self.inbox.wake()
            # The target's next pass need not wait for those who deploy.
            if nudged := work.of.nudge(result):
                self._nudged.put((work, nudged))
                self.inbox.wake()

    def _finish_passes(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._finish(*self._done.get_nowait())
        with contextlib.suppress(queue.Empty):
            while True:
                self._tell_nudges(*self._nudged.get_nowait())

    def _finish(self, work: _Work, result: PassResult) -> None:
        name, now = work.of.job.target.name, self.clock()
        ended = self._passes.end(work.of, result)
        self._agenda.end(name, ended, now)
        result = replace(result, plan=without_secrets(result.plan, self.process.vault))
        end = PassEnd(
            at=datetime.now(UTC),
            seconds=now - work.began,
            latency=None if ended.heard is None else now - ended.heard,
        )
        self.board.end(name, result, end)
        self._count(name, result, end)
        if journal := self._journal(work):
            journal.tell(result, seconds=end.seconds)

    def _tell_nudges(self, work: _Work, nudged: tuple[Nudged, ...]) -> None:
        if journal := self._journal(work):
            self.metrics.nudge(nudged)
            journal.tell_nudges(nudged)

    def _journal(self, work: _Work) -> Journal | None:
        """The journal of a pass's target; None where that is not looked after any more."""
        name = work.of.job.target.name
        journal = self._journals.get(name)
        if journal is not None:
            journal.about = {"pass": work.id, "target": name}
        return journal

    def _count(self, name: str, result: PassResult, end: PassEnd) -> None:
        """Count a pass of a target, unless it is one that is gone from the configuration."""
        if name not in self._journals:
            return
        self.metrics.end(name, result, end.at)
        self.metrics.see_head_room(result)
        if end.latency is not None and any(map(is_done, result.published)):
            self.metrics.commit(end.latency)


def _options(bot: BotConfiguration) -> ServeOptions:
    return bot.serve or ServeOptions()


def _rest(bot: BotConfiguration) -> BotConfiguration:
    """What may change the outcome of every target's pass."""
    return replace(bot, targets=(), serve=None, nudges=())


def _concerns(event: GitEvent, target: Target) -> bool:
    """Whether a target's branch, or a branch of the bot there, is another than before."""
    mine = event.branch == target.branch or event.branch.startswith(BOT_BRANCHES)
    return mine and any(same_repository(url, target.url) for url in event.urls)
