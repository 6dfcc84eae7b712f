"""Looks at the bot's open pull requests: what is over, what is held, and which are to be closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from imagebot.config.model import Configuration
from imagebot.errors import ForgeError, GitError, RefusedEditError
from imagebot.files.rewrite import FileChange
from imagebot.forge.model import PullRequest
from imagebot.git.url import identity_of
from imagebot.manifest.images.field import ImageField
from imagebot.plan.file_changes import change_of, changed_by
from imagebot.plan.model import Plan, PlanTarget, Update
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Decision
from imagebot.policy.update_types import update_type_of
from imagebot.problem import Problem
from imagebot.publish.base import Base
from imagebot.publish.branches import own_message, read_proposals
from imagebot.publish.changes import Change, Ending
from imagebot.publish.comments import (
    MOST_LINES,
    ending_note,
    ending_reason,
    held_notes,
    lost_note,
    lost_warning,
    stays_open,
)
from imagebot.publish.context import PublishContext
from imagebot.publish.fates import Fate, fate_of
from imagebot.publish.history import configuration_version, explained
from imagebot.publish.lost_tags import (
    lost_ids,
    never_listed,
    proposed_before,
    tag_id,
    unlisted,
)
from imagebot.publish.marker import PullRequestMarker
from imagebot.publish.message import as_said, said_of
from imagebot.publish.proposal import Proposal, edit_to
from imagebot.publish.recover import read_open
from imagebot.publish.refusals import BotRequests
from imagebot.publish.text import configuration_hash, plan_hash
from imagebot.values import dataclass

GRACE_SECONDS = 600
"""A pull request is not closed sooner than this after the commit that took its route away."""

_UNKNOWN = "imagebot cannot read from its branch what it proposes"


@dataclass(frozen=True, slots=True)
class Closing:
    """A pull request to close: what became of its updates, and the reason for all of them."""

    change: Change
    request: PullRequest
    fates: tuple[Fate, ...]
    why: str = ""

    @property
    def moves(self) -> tuple[str, ...]:
        """The branches that have updates of it now."""
        branches = (fate.branch for fate in self.fates if fate.kind == "moved")
        return tuple(dict.fromkeys(branches))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The changes with what is held of their pull requests, and those of other pull requests.

    `files` are those of held updates, unchanged. `requests` are all open ones, if they were looked
    for.
    """

    changes: tuple[Change, ...]
    closings: tuple[Closing, ...] = ()
    files: tuple[FileChange, ...] = ()
    requests: BotRequests | None = None
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def review(
    changes: Sequence[Change],
    plan: Plan,
    configuration: Configuration,
    context: PublishContext,
    *,
    target: str,
) -> Reviewed:
    """Look at every open pull request of which the plan does not want all updates any more.

    Only those made under a configuration at the same path, unless the plan wants their branch: two
    bots may share a target. Raises ForgeError, CredentialError and GitError.
    """
    forge = context.forge.use()
    if forge is None:
        return Reviewed(tuple(changes), requests=context.requests)
    # Where an open pull request outlives its branch, one may be left that was being closed.
    finish = not forge.limits.closes_with_branch
    if not finish and not context.checkout.bot_branches():
        return Reviewed(tuple(changes), requests=context.requests)
    requests = context.requests or read_open(forge, context.checkout, context.options)
    context = replace(context, requests=requests)
    return _Review(changes, plan, configuration, context, requests, target).do(finish=finish)


class _Review:
    """One review: what it looks at, and what it has found so far."""

    def __init__(
        self,
        changes: Sequence[Change],
        plan: Plan,
        configuration: Configuration,
        context: PublishContext,
        requests: BotRequests,
        target: str,
    ) -> None:
        self.changes = {change.branch: change for change in changes}
        self.configuration = configuration
        self.context = context
        self.checkout = context.checkout
        self.target = target
        self.base = Base(plan, changes, context)
        self.requests = requests
        self.closings: list[Closing] = []
        self.files: dict[str, FileChange] = {}
        self.warnings: list[str] = []
        self.problems: list[Problem] = []
        self.displaced: set[str] = set()

    def do(self, *, finish: bool) -> Reviewed:
        self._mark_lost()
        for branch in self.checkout.bot_branches():
            request = self.requests.find(branch)
            known = self.requests.state(request) if request else None
            if request is None or known is None or not self._is_ours(branch, known):
                continue
            wanted = self.changes.get(branch)
            if wanted is not None and _wants_all(wanted, known):
                continue
            try:
                self._look_at(branch, request, known, wanted)
            except (ForgeError, GitError) as error:
                self._leave(branch, request, known, (_UNKNOWN,))
                message = f"pull request #{request.number}: {error.message}"
                self.problems.append(Problem.of_error("change", branch, error, message=message))
        if finish:
            self._finish()
        return Reviewed(
            tuple(self._without_displaced(change) for change in self.changes.values()),
            tuple(self.closings),
            tuple(self.files.values()),
            self.requests,
            tuple(self.warnings),
            tuple(self.problems),
        )

    def _mark_lost(self) -> None:
        """Let changes say so where the registry has lost a tag that they replace."""
        some = [change for change in self.changes.values() if change.unlisted]
        lost = {id_ for change in some for id_ in self._lost_of(change)}
        for change in some:
            mine = [each for each in unlisted(change.updates) if tag_id(each.field) in lost]
            notes = tuple(dict.fromkeys(lost_note(update) for update in mine))
            request = self.requests.find(change.branch)
            if notes and request is not None:
                self.warnings.append(lost_warning(self.target, request.number, notes))
            self.changes[change.branch] = replace(
                change,
                unlisted=tuple(each for each in change.unlisted if each not in lost),
                notes=(*change.notes, *notes),
                gone=bool(mine),
            )

    def _lost_of(self, change: Change) -> set[str]:
        """The tags of a change that the registry has lost since a pull request had them."""
        updates = unlisted(change.updates)
        states = [state for each in self.requests.open if (state := self.requests.state(each))]
        lost = lost_ids(updates, states)
        request = self.requests.find(change.branch)
        known = self.requests.state(request) if request else None
        before = {id_ for state in states for id_ in state.updates}
        new = [each for each in updates if each.id not in before]
        if known is None or not new:
            return lost
        try:
            proposals = read_proposals(change.branch, known, self.checkout, self.context.options)
        except GitError:
            return lost  # the look at the pull request tells of it
        fields = [proposal.field for proposal in proposals]
        again = {tag_id(each.field) for each in new if proposed_before(each, fields)}
        return lost | (again - set(known.unlisted))

    def _finish(self) -> None:
        """Close what a pass has begun to close that was killed when the branch was deleted."""
        for request in self.requests.open:
            branch, known = request.branch, self.requests.state(request)
            if known is None or not known.retired or branch in self.changes:
                continue
            if self.checkout.remote_branch(branch) is None and self._is_ours(branch, known):
                self.closings.append(Closing(self._change(branch, known), request, ()))

    def _is_ours(self, branch: str, known: PullRequestMarker) -> bool:
        if branch in self.changes:
            return True
        if not known.configuration:
            return known.route in {route.name for route in self.configuration.routes}
        return known.configuration == configuration_hash(self.configuration.path)

    def _without_displaced(self, change: Change) -> Change:
        updates = tuple(each for each in change.updates if each.id not in self.displaced)
        return replace(change, updates=updates) if len(updates) < len(change.updates) else change

    def _look_at(
        self, branch: str, request: PullRequest, known: PullRequestMarker, wanted: Change | None
    ) -> None:
        read = read_proposals(branch, known, self.checkout, self.context.options)
        proposals = [_with_listed(proposal, known) for proposal in read]
        self.base.load({proposal.field.path for proposal in proposals})
        fates = self._fates(branch, known, proposals)
        held = tuple(fate for fate in fates if fate.kind in ("held", "no-route"))
        if not fates:
            self._leave(branch, request, known, (_UNKNOWN,))
        elif self._is_gone(known) and all(fate.kind == "no-route" for fate in held) and held:
            self._end(branch, request, known, fates)
        elif held:
            self._hold(branch, request, known, held)
        elif wanted is None:
            change = self._change(branch, known)
            options = self.context.options
            said = [explained(fate, self.checkout, options) for fate in fates[:MOST_LINES]]
            self.closings.append(Closing(change, request, (*said, *fates[MOST_LINES:])))

    def _fates(
        self, branch: str, known: PullRequestMarker, proposals: Iterable[Proposal]
    ) -> tuple[Fate, ...]:
        on = self.checkout.committer.when.astimezone(UTC).date()
        return tuple(
            fate_of(
                proposal,
                self.base.today(proposal),
                branch=branch,
                configuration=self.configuration,
                policies=known.policies,
                on=on,
            )
            for proposal in proposals
        )

    def _is_gone(self, known: PullRequestMarker) -> bool:
        return known.route not in {route.name for route in self.configuration.routes}

    def _end(
        self, branch: str, request: PullRequest, known: PullRequestMarker, fates: tuple[Fate, ...]
    ) -> None:
        """A route that is gone: say so first, and close it in a later pass."""
        now = int(self.checkout.committer.when.timestamp())
        path = self.configuration.path
        ending = configuration_version(self.configuration, self.checkout, now)
        told = known.ending == ending.version
        if told:
            ending = replace(ending, since=known.ending_since)
        if told and now >= ending.since + GRACE_SECONDS:
            why = ending_reason(known.route, path, ending.version)
            self.closings.append(Closing(self._change(branch, known), request, fates, why))
            return
        note = ending_note(known.route, path, ending.version)
        self._leave(branch, request, known, (note,), ending)
        if known.people and known.people == self.checkout.remote_branch(branch):
            return  # it is not closed either
        self.warnings.append(f"{self.target}: pull request #{request.number}: {note}")

    def _hold(
        self, branch: str, request: PullRequest, known: PullRequestMarker, held: tuple[Fate, ...]
    ) -> None:
        """Keep what is undecided in the pull request, beside what the plan wants of it."""
        self.displaced.update(fate.displaced for fate in held if fate.displaced)
        self.warnings.append(stays_open(self.target, request.number, held))
        wanted = self.changes.get(branch) or self._change(branch, known)
        said = said_of(own_message(branch, known, self.checkout))
        carried = self._carried(held, wanted, said)
        frozen = carried is None
        # Only a list can say that a lost tag is there again.
        still = known.gone and not all(fate.gone or fate.listed for fate in held)
        never = never_listed((fate.proposal.field for fate in held), known)
        updates = [each for each in wanted.updates if each.id not in self.displaced]
        self.changes[branch] = replace(
            wanted,
            updates=tuple(sorted((*updates, *(carried or ())), key=_order)),
            policies=tuple(sorted({*wanted.policies, *known.policies})),
            notes=(*wanted.notes, *held_notes(held, gone=still, frozen=frozen)),
            gone=wanted.gone or still or any(fate.gone for fate in held),
            unlisted=tuple(sorted({*wanted.unlisted, *never})),
            frozen=frozen,
        )

    def _leave(
        self,
        branch: str,
        request: PullRequest,
        known: PullRequestMarker,
        notes: tuple[str, ...],
        ending: Ending | None = None,
    ) -> None:
        change = self.changes.get(branch) or self._change(branch, known)
        self.changes[branch] = replace(
            change,
            frozen=True,
            notes=notes,
            ending=ending,
            gone=change.gone or known.gone,
            unlisted=known.unlisted,
        )
        if ending is None:
            number = request.number
            self.warnings.append(f"{self.target}: pull request #{number} stays open: {notes[0]}")

    def _change(self, branch: str, known: PullRequestMarker) -> Change:
        """A change without updates, for a branch that the plan does not want."""
        options = {route.name: route.pull_request for route in self.configuration.routes}
        change = Change(
            target=self.target,
            base=self.checkout.branch,
            branch=branch,
            mode="pull-request",
            route=known.route,
            configuration=known.configuration,
        )
        return replace(change, options=options.get(known.route, change.options))

    def _carried(
        self, held: Sequence[Fate], wanted: Change, said: Mapping[str, str]
    ) -> tuple[Update, ...] | None:
        """The held updates as they can be made today; None when one of them cannot be.

        With the reasons that their commit `said`: what is held stays decided as it was.
        """
        made: list[Update] = []
        for fate in held:
            path = fate.proposal.field.path
            if fate.carried is None or path in self.base.committed:
                return None
            made.append(as_said(self._update(fate, fate.carried, wanted.route), said))
        for path in dict.fromkeys(update.field.path for update in made):
            old = self.base.content(path)
            if old is None:
                return None
            mine = [each for each in (*wanted.updates, *made) if each.field.path == path]
            file = change_of(path, old, ())
            try:
                changed_by(file, [each for each in mine if each.id not in self.displaced])
            except RefusedEditError:
                return None
            self.files[path] = file
        return tuple(made)

    def _update(self, fate: Fate, today: ImageField, route: str) -> Update:
        wanted = edit_to(today, fate.proposal.after)
        name = fate.policy
        policy = self.configuration.policies.get(name) or SHAPE
        decision = Decision(
            policy=name,
            tag=wanted.tag,
            digest=wanted.digest,
            update_type=update_type_of(policy, today.reference.tag, fate.proposal.after[0]),
            code=fate.code,
            reason=fate.reason,
            settled=False,
        )
        target = PlanTarget(self.target, identity_of(self.checkout.url, self.checkout.branch))
        return Update(target=target, field=today, route=route, decision=decision)


def _with_listed(proposal: Proposal, known: PullRequestMarker) -> Proposal:
    return replace(proposal, was_listed=tag_id(proposal.field) not in known.unlisted)


def _wants_all(wanted: Change, known: PullRequestMarker) -> bool:
    """Whether a change has every update that its pull request has."""
    if known.plan == plan_hash(wanted.updates):
        return True
    return not known.left and {update.id for update in wanted.updates}.issuperset(known.updates)


def _order(update: Update) -> tuple[bytes, int, int]:
    return update.field.path.encode(), update.field.line, update.field.column
