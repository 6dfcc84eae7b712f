"""Vetoes of people: what they rolled back, in the target's history, or refused on its forge."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.config.model import Configuration
from imagebot.errors import CredentialError, ForgeError
from imagebot.forge.model import Forge
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes
from imagebot.problem import Problem
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.context import PublishContext
from imagebot.publish.decide import Observed, has_all, is_given_back, refused_by_closing
from imagebot.publish.pull_request import wanted_of
from imagebot.publish.rollbacks import find_rollbacks


def find_vetoes(
    updates: Sequence[Update], configuration: Configuration, context: PublishContext, *, target: str
) -> Vetoes:
    """Rollbacks, and the updates of pull requests that people closed.

    When the forge cannot be asked, the updates that it would be asked about are vetoed as well: one
    that people refused must not come back because of that. Raises GitError.
    """
    if not updates:
        return Vetoes()
    checkout = context.checkout
    vetoes = find_rollbacks(updates, configuration, checkout)
    rest = tuple(update for update in updates if update.id not in vetoes)
    waiting = list(_pull_requests(Plan(updates=rest), configuration, checkout, target))
    try:
        forge = context.forge.use() if waiting else None
        while forge is not None and waiting:
            change = waiting[0]
            branch = checkout.remote_branch(change.branch)
            found = forge.find_closed(change.branch)
            closed = [one for one in found if not is_given_back(one, branch)]
            refused = refused_by_closing(closed, wanted_of(change, checkout).marker)
            for id_, request in refused.items():
                vetoes[id_] = Veto("refused", f"refused by closing #{request.number}")
            waiting.pop(0)
    except (ForgeError, CredentialError) as error:
        unknown = [update for change in waiting for update in change.updates]
        vetoes.update({each.id: Veto(error.code, error.message, settled=False) for each in unknown})
        return Vetoes(of=vetoes, problems=(_problem(target, error),))
    return Vetoes(of=vetoes)


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
            if forge and has_all(wanted_of(each, checkout), _open(each, checkout, forge))
        ]
    except (ForgeError, CredentialError):
        return frozenset()
    return frozenset(update.id for change in settled for update in change.updates)


def _open(change: Change, checkout: Checkout, forge: Forge) -> Observed:
    """The open pull request and its branch: nothing has to be fetched for these."""
    return Observed(forge.find(change.branch), branch=checkout.remote_branch(change.branch))


def _pull_requests(
    plan: Plan, configuration: Configuration, checkout: Checkout, target: str
) -> tuple[Change, ...]:
    changes = changes_of(plan, configuration.routes, target=target, base=checkout.branch)
    return tuple(change for change in changes if change.mode == "pull-request")


def _problem(target: str, error: ForgeError | CredentialError) -> Problem:
    message = f"{target}: cannot find out which updates people refused: {error.message}"
    return Problem.of_error("target", target, error, message=message)
