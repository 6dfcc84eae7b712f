"""Which announcements a pass has answered, and which it has not. Pure.

An announcement is answered when something of its repository is published. Where a pass failed, a
later one may publish it that nobody has asked for; but whoever pushed has waited since then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import field

from imagebot.plan.model import Plan, Published
from imagebot.reference import Repository
from imagebot.run.events import is_done
from imagebot.serve.agenda import Hint, Job
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Of the hints of a job: `missing` are those whose tag the registry does not list yet, or did
    not say; `answered` those because of which something was published; `open` those that could not
    be answered, as something failed."""

    missing: tuple[Hint, ...] = ()
    answered: tuple[Hint, ...] = ()
    open: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass decided, and what became of that.

    `names` says what a repository is called, also at mirrors and at its origin; `lists` whether the
    newest list of its tags has a tag, None where there is no list.
    """

    plan: Plan
    published: Collection[Published]
    names: Callable[[Repository], frozenset[Repository]]
    lists: Callable[[Repository, str], bool | None]
    _away: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        problems = self.plan.problems
        away = frozenset(each.subject for each in problems if each.scope == "repository")
        object.__setattr__(self, "_away", away)

    def is_away(self, repository: Repository) -> bool:
        """Whether the registry did not answer: the problem is of the repository, or of all."""
        names = self.names(repository)
        return any(str(name) in self._away or name.registry in self._away for name in names)

    def is_missing(self, hint: Hint) -> bool:
        """Whether the registry does not list the tag yet, or did not answer."""
        repository, tag = hint.image.repository, hint.image.tag
        return self.is_away(repository) or (bool(tag) and self.lists(repository, tag) is False)

    def repositories(self, entries: Iterable[Published]) -> frozenset[Repository]:
        """All names of the repositories of changes."""
        ids = {id_ for entry in entries for id_ in entry.updates}
        if not ids:
            return frozenset()
        updates = (each for each in self.plan.updates if each.id in ids)
        found = {update.field.reference.repository for update in updates}
        return frozenset(name for each in found for name in self.names(each))


def answers_of(job: Job, outcome: Outcome) -> Answers:
    """The answers to the hints of a job, those that passes before it left open among them."""
    if not job.hints and not job.open:
        return Answers()
    missing = dict.fromkeys(filter(outcome.is_missing, job.hints))
    sought = frozenset(job.hints)
    nothing = any(each.scope == "target" for each in outcome.plan.problems)
    done = outcome.repositories(filter(is_done, outcome.published))
    undone = outcome.repositories(each for each in outcome.published if each.status == "failed")
    answered, left = [], []
    for hint in (*job.hints, *job.open):
        repository = hint.image.repository
        if hint.answered:
            continue
        # To look for a tag takes as long as all that is remembered: no more often than needed.
        if repository in done and not (
            hint in missing if hint in sought else outcome.is_missing(hint)
        ):
            answered.append(hint)
        elif nothing or repository in undone or outcome.is_away(repository):
            left.append(hint)
    return Answers(missing=tuple(missing), answered=tuple(answered), open=tuple(left))
