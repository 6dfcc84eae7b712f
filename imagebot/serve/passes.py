"""The pass of one target in the daemon, and the registry clients that its passes share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path

from imagebot.config.model import BotConfiguration
from imagebot.errors import RegistryDeadlineError, RegistryError, RegistryUnreachableError
from imagebot.nudge.model import Nudged
from imagebot.parallel.turns import Turns
from imagebot.plan.model import Plan
from imagebot.problem import BUG, Problem
from imagebot.reference import Repository
from imagebot.registry.memo import Memo
from imagebot.run.crash import write_crash_log
from imagebot.run.nudges import with_nudges
from imagebot.run.passes import PassContext, PassResult, run_pass
from imagebot.run.process import Process
from imagebot.run.registries import KeptRegistries, cache_folder
from imagebot.serve.agenda import Ended, Job
from imagebot.serve.answers import Outcome, answers_of
from imagebot.serve.freshness import oldest
from imagebot.text import excerpt
from imagebot.values import dataclass

_AWAY = frozenset({RegistryError.code, RegistryUnreachableError.code, RegistryDeadlineError.code})
"""Codes of problems with registries that are usually over soon; the first is that of 500 to 599."""
_MOST_NEWS = 1000
"""Repositories that are remembered to be asked anew."""


@dataclass(slots=True)
class _Client:
    """Registries of one configuration, and how many passes use them; closed when none does and
    another configuration has come."""

    registries: KeptRegistries
    used: int = 0
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass of one target, for any thread."""

    job: Job
    context: PassContext
    client: _Client

    def run(self) -> PassResult:
        """Do all but telling of the commits."""
        return _run(self.context)

    def nudge(self, result: PassResult) -> tuple[Nudged, ...]:
        """Tell those who deploy of the commits, which may take ten seconds."""
        return with_nudges(self.context, result).nudged


@dataclass(slots=True)
class Passes:
    """Begins passes of targets, which may run in any thread. For one thread.

    A registry client, with its tokens, connections and answers, is used for as long as what the
    bot's file says of registries stays the same. `note` gets the `host:port` of each request.
    """

    process: Process
    turns: Turns
    note: Callable[[str], None] = lambda _host: None
    _client: _Client | None = field(default=None, init=False)
    # Many events come between two passes, and to forget takes as long as all that is remembered.
    _news: set[Repository] = field(default_factory=set, init=False)

    def begin(self, job: Job, bot: BotConfiguration) -> Pass:
        """The pass of a job; when it was run, `end` is called."""
        self._forget_news(bot)
        client = self._client_for(bot)
        alone = replace(bot, targets=(job.target,))
        age = oldest(bot, job.target, scheduled=job.scheduled)
        views = client.registries.for_pass(alone, age)
        client.used += 1
        context = PassContext(
            bot=alone,
            registry=views.common,
            registries=views.own,
            environment=self.process.environment,
            cache=cache_folder(bot),
            now=datetime.now(UTC),
            vault=self.process.vault,
            stop=self.process.stop,
            report_bug=self._report_bug,
            turns=self.turns,
        )
        return Pass(job, context, client)

    def end(self, begun: Pass, result: PassResult) -> Ended:
        """What a pass left behind."""
        client = begun.client
        ended = _ended(begun.job, result, client.registries.memo_in_use())
        client.used -= 1
        if client.outdated and not client.used:
            client.registries.close()
        return ended

    def forget(self, repositories: Collection[Repository], bot: BotConfiguration) -> None:
        """The next passes ask for these repositories anew."""
        self._news |= set(repositories)
        if len(self._news) > _MOST_NEWS:
            self._forget_news(bot)

    def forget_all(self, bot: BotConfiguration) -> None:
        """The next passes ask for every repository anew."""
        self._client_for(bot).registries.memo(bot).forget_all()

    def close(self) -> None:
        """Close the client; no pass runs any more."""
        if self._client is not None:
            self._client.registries.close()
            self._client = None

    def _forget_news(self, bot: BotConfiguration) -> None:
        if self._news:
            self._client_for(bot).registries.memo(bot).forget(*self._news)
            self._news.clear()

    def _client_for(self, bot: BotConfiguration) -> _Client:
        known = self._client
        if known is not None and known.registries.fits(bot):
            return known
        if known is not None:
            known.outdated = True
            if not known.used:
                known.registries.close()
        self._client = _Client(KeptRegistries(self.process, note=self.note))
        return self._client

    def _report_bug(self, error: Exception) -> Path:
        return write_crash_log(self.process.arguments, self.process.vault, error)


def _run(context: PassContext) -> PassResult:
    """A pass that has a result whatever happens, so that the loop goes on."""
    try:
        return run_pass(context)
    except Exception as error:  # noqa: BLE001 - what went wrong is a problem in the result
        path = context.report_bug(error)
        name = context.bot.targets[0].name
        said = excerpt(context.vault.hide(str(error)), 200)
        problem = Problem(
            scope="target",
            subject=name,
            code=BUG,
            message=f"{name}: sorry, this is a bug: {type(error).__name__}: {said}",
            hint=f"please report it with the log at {path}",
            target=name,
        )
        return PassResult(Plan(problems=(problem,)))


def _ended(job: Job, result: PassResult, memo: Memo) -> Ended:
    plan = result.plan
    of_target = any(problem.scope == "target" for problem in plan.problems)
    # The next hour of a schedule may be far away, and a registry is usually back soon.
    partial = any(
        problem.scope == "repository" and problem.code in _AWAY for problem in plan.problems
    )
    of_change = any(problem.scope == "change" for problem in plan.problems)
    names = frozenset(name for repository in result.asked for name in memo.names(repository))
    answers = answers_of(job, Outcome(plan, result.published, memo.names, memo.lists))
    return Ended(
        # What could not be read says nothing of the images that it has.
        uses=None if of_target and not names else names,
        commits=tuple(entry.commit for entry in result.published if entry.commit),
        missing=answers.missing,
        answered=answers.answered,
        open=answers.open,
        failed=of_target or of_change,
        partial=partial,
    )
