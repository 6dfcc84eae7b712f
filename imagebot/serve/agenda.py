"""What has to be looked at, and when: the state of the daemon's loop, without its clock. Pure.

All moments are seconds of one clock that only moves forward.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import field, replace

from imagebot.config.model import Target
from imagebot.git.url import parse_url
from imagebot.reference import Repository
from imagebot.serve.hooks.model import Announcement
from imagebot.values import dataclass

RETRIES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds after which a repository is asked again for a tag that was announced, and that it does
not list yet. After the last, the schedule is left to find it."""
RESTS = (0.1, 0.2, 0.4)
"""Seconds from the end of a pass to the begin of the next, after the second, third ... pass in a
row during which something came. So many pushes become few commits, and a single one never waits."""
_FIRST_BACKOFF = 5.0
_LONGEST_BACKOFF = 300.0
_KEPT_FOR_OTHERS = 4
"""One in so many passes is never of the Git host that has the most of them."""


@dataclass(frozen=True, slots=True)
class Hint:
    """An image to look for, heard of at a moment; `tries` before this one did not find its tag.

    `answered`: something was published because of it, so that nobody waits since then.
    """

    image: Announcement
    heard: float
    tries: int = 0
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A pass of one target. `scheduled`: nobody asked for it, or it was due anyway.

    `hints` are those that it looks for, `commits` those of Git events. `open` are hints that passes
    before it could not answer: it may, without having been asked to.
    """

    target: Target
    scheduled: bool
    hints: tuple[Hint, ...] = ()
    commits: tuple[str, ...] = ()
    open: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a pass of a target left behind.

    `uses` are the repositories of its images, by all their names (those of mirrors and origins,
    too); None: that did not become known. `commits` are those that it pushed. `missing` are hints
    whose tag is not listed yet, `answered` those because of which it published something, and
    `open` those that it could not answer, as something failed. It should be tried again soon where
    it `failed`, and where it is `partial`: some registry could not be reached.
    """

    uses: frozenset[Repository] | None
    commits: tuple[str, ...] = ()
    missing: tuple[Hint, ...] = ()
    answered: tuple[Hint, ...] = ()
    open: tuple[Hint, ...] = ()
    failed: bool = False
    partial: bool = False

    @property
    def heard(self) -> float | None:
        """When the first push was heard because of which it published something; None: of none."""
        return min((hint.heard for hint in self.answered), default=None)


def _host(target: Target) -> str:
    """Where its Git repository is, "" for a folder."""
    return parse_url(target.url).host


@dataclass(slots=True)
class _Entry:
    """What is known of a target. `wanted` is when a pass should begin because of an event;
    infinity: nothing has happened. `outdated`: the pass that runs goes by an older configuration.
    `crowded`: more hints came than are kept. `hushed` is until when hints start nothing, after a
    failure; `rests` is until when no event does, as `busy` passes in a row ended with the next one
    wanted already. `open` are hints that a pass could not answer; they start nothing. `own` are the
    newest commits that the bot pushed."""

    target: Target
    due: float
    host: str
    wanted: float = math.inf
    running: bool = False
    ended: bool = False
    outdated: bool = False
    crowded: bool = False
    hushed: float = -math.inf
    busy: int = 0
    rests: float = -math.inf
    uses: frozenset[Repository] | None = None
    hints: dict[Announcement, Hint] = field(default_factory=dict)
    later: list[tuple[float, Hint]] = field(default_factory=list)
    open: dict[Announcement, Hint] = field(default_factory=dict)
    commits: dict[str, None] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)
    backoff: float = 0.0

    @property
    def next(self) -> float:
        """When its next pass should begin. What people push may mend a failure, hints do not."""
        hushed = -math.inf if self.commits else self.hushed
        return min(max(self.wanted, self.rests, hushed), self.due)


_MOST_OWN = 200
_MOST_HINTS = 1000


class Agenda:
    """The targets, what was heard, and which of them runs. For one thread.

    `after` says how long after a moment the next scheduled pass of a target is. `settle` is how
    many seconds the first event waits for others.
    """

    def __init__(self, after: Callable[[Target], float], *, settle: float = 0.0) -> None:
        self._after = after
        self.settle = settle
        self._entries: dict[str, _Entry] = {}
        # Those that are gone from the configuration while a pass of them runs.
        self._leaving: dict[str, _Entry] = {}

    @property
    def ready(self) -> bool:
        """Whether every target had a pass that came to its end."""
        return all(entry.ended for entry in self._entries.values())

    @property
    def running(self) -> int:
        return len(self._leaving) + sum(entry.running for entry in self._entries.values())

    @property
    def waiting(self) -> int:
        """How many targets wait for a pass because of an event."""
        return sum(entry.wanted < math.inf for entry in self._entries.values())

    def follow(self, targets: Iterable[Target], now: float, *, anew: bool = False) -> None:
        """Look after these targets from now on; those that are new or changed are due at once.

        `anew`: all of them are.
        """
        back, before = self._leaving, {**self._leaving, **self._entries}
        self._entries = {}
        for target in targets:
            entry = before.pop(target.name, None)
            if entry is None:
                entry = _Entry(target, now, _host(target))
            elif anew or entry.target != target or target.name in back:
                entry.due, entry.target, entry.uses = now, target, None
                entry.host = _host(target)
                entry.outdated = entry.running
            self._entries[target.name] = entry
        self._leaving = {name: entry for name, entry in before.items() if entry.running}

    def hear(self, hint: Hint) -> bool:
        """An image was announced; whether any target may use it."""
        used = False
        for entry in self._entries.values():
            # A pass that runs, or has to come, may find images that the last one did not.
            if entry.uses is None or entry.running or hint.image.repository in entry.uses:
                self._want(entry, hint)
                used = True
        return used

    def hear_git(self, names: Collection[str], commit: str, now: float) -> bool:
        """Something happened in the repository of the targets of these names; whether that is new
        to any of them."""
        new = False
        for name in names:
            entry = self._entries[name]
            if commit and commit in entry.own:
                continue
            new = True
            # The bot's own push may come back before the pass that made it has ended.
            entry.commits[commit] = None
            entry.wanted = min(entry.wanted, now + self.settle)
        return new

    def take(self, now: float, most: int) -> Iterator[Job]:
        """The passes to begin now, those that somebody waits for first; at most so many run."""
        room = most - self.running
        of_host, share = self._of_host(), self._share(most)
        ready = [
            entry for entry in self._entries.values() if not entry.running and entry.next <= now
        ]
        ready.sort(key=lambda entry: (entry.wanted > now, entry.next))
        for entry in ready:
            host = entry.host
            if room > 0 and of_host[host] < share:
                room -= 1
                of_host[host] += 1
                yield self._begin(entry, now)

    def next_moment(self, most: int) -> float:
        """When there is something to do, if nothing happens before; infinity while all is full."""
        entries = self._entries.values()
        moments = [at for entry in entries for at, _ in entry.later]
        if self.running < most:
            of_host, share = self._of_host(), self._share(most)
            moments += [
                entry.next for entry in entries if not entry.running and of_host[entry.host] < share
            ]
        return min(moments, default=math.inf)

    def _of_host(self) -> Counter[str]:
        """How many passes run on the targets of each Git host."""
        entries = (*self._entries.values(), *self._leaving.values())
        return Counter(entry.host for entry in entries if entry.running)

    def _share(self, most: int) -> int:
        """How many of `most` passes may be of one Git host: it may stall, and others do not."""
        alone = len({entry.host for entry in self._entries.values()}) < 2
        return most if alone else max(1, most - most // _KEPT_FOR_OTHERS)

    def retries(self, now: float) -> tuple[Announcement, ...]:
        """What is asked for once more from now on, because its tag was not listed before."""
        found: dict[Announcement, None] = {}
        for entry in self._entries.values():
            ripe = [hint for at, hint in entry.later if at <= now]
            if not ripe:
                continue
            entry.later = [(at, hint) for at, hint in entry.later if at > now]
            for hint in ripe:
                entry.hints.setdefault(hint.image, hint)
                found[hint.image] = None
            entry.wanted = min(entry.wanted, now)
        return tuple(found)

    def end(self, name: str, ended: Ended, now: float) -> None:
        """The pass of a target has ended."""
        self._leaving.pop(name, None)
        entry = self._entries.get(name)
        if entry is None:
            return
        entry.running, entry.ended = False, True
        entry.uses = ended.uses if ended.uses is not None else entry.uses
        for commit in ended.commits:
            entry.own[commit] = None
        while len(entry.own) > _MOST_OWN:
            del entry.own[next(iter(entry.own))]
        self._schedule(entry, ended, now)
        self._wait_for(entry, ended.missing, now)
        self._keep_open(entry, ended)
        self._leave_out_what_is_over(entry)
        self._rest(entry, now)

    def _want(self, entry: _Entry, hint: Hint) -> None:
        if len(entry.hints) < _MOST_HINTS:
            # The first of the same: somebody waits since then.
            entry.hints.setdefault(hint.image, hint)
        else:
            entry.crowded = True
        entry.wanted = min(entry.wanted, hint.heard + self.settle)

    def _begin(self, entry: _Entry, now: float) -> Job:
        job = Job(
            target=entry.target,
            scheduled=entry.due <= now,
            hints=tuple(entry.hints.values()),
            commits=tuple(entry.commits),
            open=(*entry.open.values(), *(hint for _, hint in entry.later if not hint.answered)),
        )
        entry.running = True
        entry.wanted = math.inf
        entry.hints, entry.commits, entry.crowded = {}, {}, False
        return job

    def _schedule(self, entry: _Entry, ended: Ended, now: float) -> None:
        entry.due = now if entry.outdated else now + self._after(entry.target)
        entry.outdated = False
        entry.hushed = now + _FIRST_BACKOFF if ended.failed else -math.inf
        if not ended.failed and not ended.partial:
            entry.backoff = 0.0
            return
        entry.backoff = min(_LONGEST_BACKOFF, 2 * entry.backoff or _FIRST_BACKOFF)
        entry.due = min(entry.due, now + entry.backoff)

    def _wait_for(self, entry: _Entry, missing: Iterable[Hint], now: float) -> None:
        for hint in missing:
            if hint.tries < len(RETRIES):
                at = now + RETRIES[hint.tries]
                entry.later.append((at, replace(hint, tries=hint.tries + 1)))

    def _keep_open(self, entry: _Entry, ended: Ended) -> None:
        """Remember since when somebody waits for what failed, and that nobody does for the rest."""
        first = sorted(ended.open, key=lambda hint: hint.heard)
        entry.open = {}
        for hint in first[:_MOST_HINTS]:
            entry.open.setdefault(hint.image, hint)
        answered = {hint.image for hint in ended.answered}
        entry.later = [
            (at, replace(hint, answered=hint.answered or hint.image in answered))
            for at, hint in entry.later
        ]

    def _rest(self, entry: _Entry, now: float) -> None:
        """Let events gather before the next pass, where they keep coming while passes run."""
        entry.busy = entry.busy + 1 if entry.wanted < math.inf else 0
        rest = RESTS[min(entry.busy - 2, len(RESTS) - 1)] if entry.busy > 1 else -math.inf
        entry.rests = now + rest

    def _leave_out_what_is_over(self, entry: _Entry) -> None:
        """Leave out what came while the pass ran, and turns out to be no news."""
        if (uses := entry.uses) is not None:
            entry.hints, entry.open = (
                {image: hint for image, hint in hints.items() if image.repository in uses}
                for hints in (entry.hints, entry.open)
            )
        entry.commits = {commit: None for commit in entry.commits if commit not in entry.own}
        if not entry.hints and not entry.commits and not entry.crowded:
            entry.wanted = math.inf
