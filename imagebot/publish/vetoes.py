"""Vetoes of people: what they rolled back, in the target's history, or refused on its forge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from imagebot.config.model import Configuration
from imagebot.errors import CredentialError, ForgeError
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.manifest.images.layers import Layers
from imagebot.manifest.images.options import ScanOptions
from imagebot.plan.model import Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes
from imagebot.problem import Problem
from imagebot.publish.again import Again
from imagebot.publish.branches import scan_options
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.context import PublishContext
from imagebot.publish.decide import Observed, has_all, is_given_back
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.pull_request import wanted_of
from imagebot.publish.recover import MOST_FETCHED, read_left, read_open, recover_closed
from imagebot.publish.refusals import MOST_CLOSED, BotRequests, refused_by_closing
from imagebot.publish.rollbacks import Past, read_past
from imagebot.publish.text import BRANCH_PREFIX, plan_hash
from imagebot.publish.waits import HOUR
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """The vetoes of a plan, and the bot's pull requests as they were when they were looked for.

    None when there was no reason to look, or the forge cannot be asked.
    """

    vetoes: Vetoes
    requests: BotRequests | None = None


def find_vetoes(
    updates: Sequence[Update],
    configuration: Configuration,
    context: PublishContext,
    now: datetime,
    again: Sequence[Again] = (),
    *,
    target: str,
    layers: Layers | None = None,
) -> Found:
    """Rollbacks, and the updates of pull requests that people closed, but for those wanted `again`.

    A branch that is left says which of the updates that are committed may have been refused before
    their route was another: the forge is asked about those only, a commit must not wait for others.

    When the forge cannot be asked, the updates that it would be asked about are vetoed as well: one
    that people refused must not come back because of that. Raises GitError.
    """
    if not updates:
        return Found(Vetoes())
    checkout = context.checkout
    changes = _may_be_refused(Plan(updates=tuple(updates)), configuration, context, target)
    new: tuple[Change, ...] = ()
    listed, unknown = False, dict[str, Veto]()
    requests = BotRequests()
    problems: tuple[Problem, ...] = ()
    try:
        forge = context.forge.use() if changes else None
        if forge is not None:
            options = scan_options(configuration, layers or {})
            requests = read_open(forge, checkout, options)
            new = _not_proposed(changes, requests)
            requests = _with_closed(requests, forge, new, now, checkout, options)
            listed = True
    except (ForgeError, CredentialError) as error:
        veto = Veto(error.code, error.message, settled=False)
        unknown = {update.id: veto for change in changes for update in change.updates}
        problems = (_problem(target, error),)
        requests, new = BotRequests(), ()
    past = read_past(updates, configuration, checkout, layers or {}, requests.merged)
    refused = _refusals(new, requests, checkout)
    found = {id_: _refused(request) for id_, request in refused.items()} | dict(past.vetoes)
    lifted = {each.id for each in updates if any(one.covers(each) for one in again)}
    lifted |= requests.again | _outranked(refused, past)
    return Found(
        Vetoes(
            of=unknown | {id_: veto for id_, veto in found.items() if id_ not in lifted},
            again=frozenset((found.keys() | requests.again) & lifted),
            problems=problems,
        ),
        requests if listed else None,
    )


def _may_be_refused(
    plan: Plan, configuration: Configuration, context: PublishContext, target: str
) -> tuple[Change, ...]:
    """The changes by pull request, and of the one that is committed what a branch had before."""
    base = context.checkout.branch
    every = changes_of(plan, configuration.routes, target=target, base=base)
    direct = any(change.mode == "commit" for change in every) and not context.forge.is_none
    left = read_left(context.checkout) if direct else frozenset()
    parts = (
        change
        if change.mode == "pull-request"
        else replace(change, updates=tuple(each for each in change.updates if each.id in left))
        for change in every
    )
    return tuple(change for change in parts if change.updates)


def _not_proposed(changes: Sequence[Change], requests: BotRequests) -> tuple[Change, ...]:
    """The changes with the updates that no open pull request has: those may have been refused."""
    proposed = requests.proposed
    rest = (
        replace(change, updates=tuple(each for each in change.updates if each.id not in proposed))
        for change in changes
    )
    return tuple(change for change in rest if change.updates)


def _with_closed(
    requests: BotRequests,
    forge: Forge,
    changes: Sequence[Change],
    now: datetime,
    checkout: Checkout,
    options: ScanOptions,
) -> BotRequests:
    """As many of the newest closed pull requests as can say something of the changes.

    That is until each of their updates was found, and for the last hour all of them: they are
    counted.
    """
    wanted = {update.id for change in changes for update in change.updates}
    found: list[PullRequest] = []
    recovered: dict[int, PullRequestMarker] = {}
    tries = 0
    for request in forge.list_closed(BRANCH_PREFIX, most=MOST_CLOSED) if wanted else ():
        if not wanted and (request.created is None or request.created < now - HOUR):
            break
        found.append(request)
        known = read_marker(request.body)
        if known is None or (known.left and not known.retired):
            whole = recover_closed(request, checkout, options, fetch=tries < MOST_FETCHED)
            tries += 1
            if whole is not None:
                known = recovered[request.number] = whole
        if known is not None and not known.retired:
            wanted -= set(known.updates)
    return replace(requests, closed=tuple(found), recovered={**requests.recovered, **recovered})


def _refusals(
    changes: Sequence[Change], requests: BotRequests, checkout: Checkout
) -> dict[str, PullRequest]:
    """The ids of the updates that people refused, with the pull request they closed."""
    closed = [
        one for one in requests.closed if not is_given_back(one, checkout.remote_branch(one.branch))
    ]
    found: dict[str, PullRequest] = {}
    for change in changes:
        ids = tuple(update.id for update in change.updates)
        plan = plan_hash(change.updates)
        found |= refused_by_closing(closed, ids, plan, state=requests.state)
    return found


def _refused(request: PullRequest) -> Veto:
    return Veto("refused", f"refused by closing #{request.number}")


def _outranked(refused: Mapping[str, PullRequest], past: Past) -> set[str]:
    """The ids of refused updates that a commit has wanted again since."""
    return {
        id_
        for id_, request in refused.items()
        if (again := past.again.get(id_)) is not None
        and request.closed is not None
        and again > request.closed
        and id_ not in past.vetoes
    }


def find_settled(
    plan: Plan, configuration: Configuration, context: PublishContext, *, target: str
) -> frozenset[str]:
    """The ids of the updates in open pull requests that a pass would leave as they are.

    None when the forge cannot be asked. Raises GitError.
    """
    checkout = context.checkout
    changes = _pull_requests(plan, configuration, checkout, target)
    try:
        forge = context.forge.use() if changes else None
        settled = [
            each
            for each in changes
            if forge and has_all(wanted_of(each, context.blobs()), _open(each, context, forge))
        ]
    except (ForgeError, CredentialError):
        return frozenset()
    return frozenset(update.id for change in settled for update in change.updates)


def _open(change: Change, context: PublishContext, forge: Forge) -> Observed:
    """The open pull request and its branch: nothing has to be fetched for these."""
    request = context.find(forge, change.branch)
    branch = context.checkout.remote_branch(change.branch)
    return Observed(request, branch=branch, recovered=context.recovered(request))


def _pull_requests(
    plan: Plan, configuration: Configuration, checkout: Checkout, target: str
) -> tuple[Change, ...]:
    changes = changes_of(plan, configuration.routes, target=target, base=checkout.branch)
    return tuple(change for change in changes if change.mode == "pull-request")


def _problem(target: str, error: ForgeError | CredentialError) -> Problem:
    message = f"{target}: cannot find out which updates people refused: {error.message}"
    return Problem.of_error("target", target, error, message=message)
