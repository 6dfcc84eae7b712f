"""What a process tells Prometheus of its passes: one table of metrics, and what counts for each.

The values of labels are names of targets and hooks, hosts of registries, and codes and types, of
which there are few. A target or a hook that is gone from the configuration takes its series along.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args

from imagebot import __version__
from imagebot.plan.withheld import withheld
from imagebot.run.events import image_fields, pending
from imagebot.run.series import Family, Labels, Metric, Series, Value

if TYPE_CHECKING:
    from imagebot.nudge.model import Nudged
    from imagebot.plan.model import Plan, Published
    from imagebot.run.passes import PassResult

PassOutcome = Literal["changed", "unchanged", "failed"]
HookOutcome = Literal[
    "accepted",
    "repeated",
    "ignored",
    "answered",
    "malformed",
    "unauthorized",
    "forbidden",
    "unavailable",
]
NudgeOutcome = Literal["told", "unanswered", "failed"]
ReloadOutcome = Literal["done", "refused"]

_PASS_BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_PUSH_BOUNDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)

BUILD = Metric("imagebot_build_info", "gauge", ("version", "python"), "1, and what runs.")
PASSES = Metric(
    "imagebot_passes_total", "counter", ("target", "outcome"), "Passes that have ended."
)
PASS_SECONDS = Metric(
    "imagebot_pass_duration_seconds",
    "histogram",
    (),
    "How long passes of a target took.",
    _PASS_BOUNDS,
)
LAST_PASS = Metric(
    "imagebot_target_last_pass_timestamp_seconds", "gauge", ("target",),
    "When the last pass of a target ended; 0 before the first.",
)  # fmt: skip
LAST_GOOD = Metric(
    "imagebot_target_last_good_pass_timestamp_seconds", "gauge", ("target",),
    "When the last pass of a target without a problem ended; 0 before the first.",
)  # fmt: skip
LAST_SECONDS = Metric(
    "imagebot_target_last_pass_duration_seconds", "gauge", ("target",),
    "How long the last pass of a target took.",
)  # fmt: skip
PAUSED = Metric("imagebot_target_paused", "gauge", ("target",), "1 where bot.yaml pauses a target.")
IMAGES = Metric("imagebot_target_images", "gauge", ("target",), "Image fields of a target.")
PROBLEMS = Metric(
    "imagebot_target_problems", "gauge", ("target",), "Problems of the last pass of a target."
)
PENDING = Metric(
    "imagebot_target_pending_updates", "gauge", ("target",),
    "Updates that the last pass neither committed nor has in a pull request.",
)  # fmt: skip
WITHHELD = Metric(
    "imagebot_target_withheld_updates", "gauge", ("target", "code"),
    "What the last pass withheld: rolled back, refused, too young, until a window or a limit.",
)  # fmt: skip
FAILURES = Metric(
    "imagebot_failures_total", "counter", ("target", "code"), "Problems of passes, by their code."
)
UPDATES = Metric(
    "imagebot_updates_total", "counter", ("target", "type"),
    "Updates that were published: in a commit, or in a pull request when it was opened or updated.",
)  # fmt: skip
CHANGES = Metric(
    "imagebot_changes_total", "counter", ("target", "status"),
    "Commits, and pull requests that were opened, updated or closed; and those that failed.",
)  # fmt: skip
NUDGES = Metric(
    "imagebot_nudges_total", "counter", ("target", "outcome"),
    "Those who deploy, told of a commit: told, unanswered (not within the time), or failed.",
)  # fmt: skip
REQUESTS = Metric(
    "imagebot_registry_requests_total", "counter", ("host",),
    "HTTP requests to registries, their token servers and storage.",
)  # fmt: skip
REMAINING = Metric(
    "imagebot_registry_remaining_requests", "gauge", ("host",),
    "How many requests a registry said last are left of its limit.",
)  # fmt: skip
LIMIT = Metric(
    "imagebot_registry_request_limit", "gauge", ("host",), "How many requests that limit allows."
)
RUNNING = Metric("imagebot_passes_running", "gauge", (), "Passes under way.")
WAITING = Metric("imagebot_passes_waiting", "gauge", (), "Passes that wait because of an event.")
PUSH_SECONDS = Metric(
    "imagebot_push_to_commit_seconds", "histogram", (),
    "From the first push that was announced to the end of the pass that published it.",
    _PUSH_BOUNDS,
)  # fmt: skip
HOOKS = Metric(
    "imagebot_hook_deliveries_total", "counter", ("hook", "outcome"), "Deliveries to webhooks."
)
RELOADS = Metric(
    "imagebot_reloads_total", "counter", ("outcome",), "Changed configurations, taken or refused."
)
REFUSED = Metric(
    "imagebot_configuration_refused", "gauge", (),
    "1 while bot.yaml is not valid, so that an older one goes on or no pass begins.",
)  # fmt: skip

METRICS: tuple[Metric, ...] = (
    BUILD, PASSES, PASS_SECONDS, LAST_PASS, LAST_GOOD, LAST_SECONDS, PAUSED, IMAGES, PROBLEMS,
    PENDING, WITHHELD, FAILURES, UPDATES, CHANGES, NUDGES, REQUESTS, REMAINING, LIMIT, RUNNING,
    WAITING, PUSH_SECONDS, HOOKS, RELOADS, REFUSED,
)  # fmt: skip

_OF_DAEMON = frozenset(each.name for each in (RUNNING, WAITING, PUSH_SECONDS, HOOKS, RELOADS))
_PUBLISHED = frozenset({"committed", "opened", "updated"})
NO_HOOK = ""
"""The label of deliveries to hooks that do not exist, whose names are anybody's."""


class Metrics:
    """Safe between threads. `daemon`: those of hooks and of the queue are there, too."""

    def __init__(self, *, daemon: bool = False) -> None:
        self._series = Series([each for each in METRICS if daemon or each.name not in _OF_DAEMON])
        if daemon:
            for outcome in get_args(ReloadOutcome):
                self._series.add(RELOADS.name, 0, outcome=outcome)
        self._series.set(BUILD.name, 1, version=__version__, python=platform.python_version())

    def families(self) -> tuple[Family, ...]:
        """All of it at a moment."""
        return self._series.families()

    def restore(self, name: str, labels: Labels, value: Value) -> None:
        """Take up what an earlier process counted; what is of no use any more is left out."""
        known = {family.metric.name for family in self.families()} - {BUILD.name, REFUSED.name}
        if name in known:
            self._series.put(name, labels, value)

    def follow(self, targets: Iterable[tuple[str, bool]], *, others: bool = False) -> None:
        """These are the targets from now on, with whether they are paused.

        `others`: there may be more, which are left alone.
        """
        paused = dict(targets)
        if not others:
            self._series.keep("target", paused)
        known = {
            labels for each in self.families() if each.metric is LAST_GOOD for labels in each.series
        }
        for name, is_paused in paused.items():
            self._series.set(PAUSED.name, float(is_paused), target=name)
            for outcome in get_args(PassOutcome):
                self._series.add(PASSES.name, 0, target=name, outcome=outcome)
            if (name,) not in known:
                # A target that never had a good pass should be noticed, too.
                self._series.set(LAST_GOOD.name, 0, target=name)
                self._series.set(LAST_PASS.name, 0, target=name)

    def follow_hooks(self, hooks: Iterable[str]) -> None:
        """These are the hooks from now on."""
        names = (*hooks, NO_HOOK)
        self._series.keep("hook", names)
        # From 0 on, so that what is counted first is seen to have come.
        for name in names:
            for outcome in ("unknown",) if name == NO_HOOK else get_args(HookOutcome):
                self._series.add(HOOKS.name, 0, hook=name, outcome=outcome)

    def end(self, name: str, result: PassResult, now: datetime) -> None:
        """A pass of a target has ended, which may be one of several in the result."""
        plan, published = _part(result, name)
        series = self._series
        series.add(PASSES.name, target=name, outcome=_outcome(plan, published))
        if (seconds := result.seconds.get(name)) is not None:
            series.observe(PASS_SECONDS.name, seconds)
            series.set(LAST_SECONDS.name, seconds, target=name)
        series.set(LAST_PASS.name, now.timestamp(), target=name)
        if not plan.problems:
            series.set(LAST_GOOD.name, now.timestamp(), target=name)
        self._count_plan(name, plan, published)
        self._count_published(name, plan, published)
        self.nudge(each for each in result.nudged if each.target == name)

    def nudge(self, nudged: Iterable[Nudged]) -> None:
        """Those who deploy were told of commits."""
        for entry in nudged:
            self._series.add(NUDGES.name, target=entry.target, outcome=_nudge_outcome(entry))

    def see_head_room(self, result: PassResult) -> None:
        """Note what registries said of their limits."""
        for host, room in result.head_room.items():
            self._series.set(REMAINING.name, room.remaining, host=host)
            if room.limit is not None:
                self._series.set(LIMIT.name, room.limit, host=host)

    def ask(self, host: str) -> None:
        """A request goes to a registry's host."""
        self._series.add(REQUESTS.name, host=host)

    def queue(self, *, running: int, waiting: int) -> None:
        self._series.set(RUNNING.name, running)
        self._series.set(WAITING.name, waiting)

    def commit(self, seconds: float) -> None:
        """Something was published so many seconds after a push was announced."""
        self._series.observe(PUSH_SECONDS.name, seconds)

    def deliver(self, hook: str, outcome: HookOutcome) -> None:
        """A delivery has come to a hook of the configuration."""
        self._series.add(HOOKS.name, hook=hook, outcome=outcome)

    def deliver_nowhere(self) -> None:
        """A delivery has come to a hook that does not exist."""
        self._series.add(HOOKS.name, hook=NO_HOOK, outcome="unknown")

    def reload(self, outcome: ReloadOutcome) -> None:
        self._series.add(RELOADS.name, outcome=outcome)

    def refuse(self, refused: bool) -> None:
        """Whether the bot's file, as it is, can be used."""
        self._series.set(REFUSED.name, float(refused))

    def _count_plan(self, name: str, plan: Plan, published: tuple[Published, ...]) -> None:
        series = self._series
        series.set(PROBLEMS.name, len(plan.problems), target=name)
        for code, count in Counter(each.code for each in plan.problems).items():
            series.add(FAILURES.name, count, target=name, code=code)
        if (found := image_fields(plan)) is None:
            return
        series.set(IMAGES.name, found, target=name)
        series.set(PENDING.name, pending(plan.updates, published), target=name)
        series.clear(WITHHELD.name, target=name)
        for code, count in Counter(each.code for each in withheld(plan)).items():
            series.set(WITHHELD.name, count, target=name, code=code)

    def _count_published(self, name: str, plan: Plan, published: tuple[Published, ...]) -> None:
        types = {each.id: each.decision.update_type or "other" for each in plan.updates}
        for entry in published:
            if entry.as_before:
                continue
            self._series.add(CHANGES.name, target=name, status=entry.status)
            if entry.status in _PUBLISHED:
                for kind, count in Counter(
                    types[each] for each in entry.updates if each in types
                ).items():
                    self._series.add(UPDATES.name, count, target=name, type=kind)


def _part(result: PassResult, name: str) -> tuple[Plan, tuple[Published, ...]]:
    """What of a result is a target's."""
    from imagebot.plan.model import Plan

    plan = result.plan
    own = Plan(
        updates=tuple(each for each in plan.updates if each.target.name == name),
        kept=tuple(each for each in plan.kept if each.target.name == name),
        problems=tuple(each for each in plan.problems if each.target == name),
    )
    return own, tuple(each for each in result.published if each.target == name)


def _nudge_outcome(entry: Nudged) -> NudgeOutcome:
    if entry.problem is not None:
        return "failed"
    return "told" if entry.answered else "unanswered"


def _outcome(plan: Plan, published: tuple[Published, ...]) -> PassOutcome:
    if plan.problems:
        return "failed"
    return "unchanged" if all(entry.as_before for entry in published) else "changed"
