"""What people have refused of a target's updates: in its history, and on its forge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from imagebot.config.model import Configuration
from imagebot.errors import CredentialError, ForgeError, Problem
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.marker import read_marker
from imagebot.publish.pull_request import is_settled
from imagebot.publish.rollbacks import find_rollbacks
from imagebot.publish.text import plan_hash

OpenForge = Callable[[], Forge | None]


def find_vetoes(
    updates: Sequence[Update],
    configuration: Configuration,
    checkout: Checkout,
    open_forge: OpenForge,
    *,
    target: str,
) -> Vetoes:
    """Rollbacks, and the updates of pull requests that people closed.

    When the forge cannot be asked, the updates that it would be asked about are held as well: one
    that people refused must not come back because of that. Raises GitError.
    """
    held = find_rollbacks(updates, configuration, checkout)
    rest = tuple(update for update in updates if update.id not in held)
    changes = _pull_requests(Plan(updates=rest), configuration, checkout, target)
    waiting = list(changes)
    try:
        forge = open_forge() if waiting else None
        while forge is not None and waiting:
            change = waiting[0]
            for id_, number in refused(forge.find_closed(change.branch), change.updates).items():
                held[id_] = Veto("refused", f"refused by closing #{number}")
            waiting.pop(0)
    except (ForgeError, CredentialError) as error:
        unknown = [update for change in waiting for update in change.updates]
        held.update({update.id: Veto(error.code, error.message) for update in unknown})
        return Vetoes(held=held, problems=(_problem(target, error),))
    return Vetoes(held=held)


def refused(closed: Iterable[PullRequest], updates: Sequence[Update]) -> dict[str, int]:
    """The ids of those updates that people refused, with the numbers of the pull requests.

    Wherever a plan stands in its files: one that is wholly the same is refused as well.
    """
    found: dict[str, int] = {}
    same = plan_hash(updates)
    for one in closed:
        known = read_marker(one.body) if one.state == "closed" else None
        if known is None or known.retired:
            continue
        for update in updates:
            if known.plan == same or update.id in known.updates:
                found.setdefault(update.id, one.number)
    return found


def find_settled(
    plan: Plan,
    configuration: Configuration,
    checkout: Checkout,
    open_forge: OpenForge,
    *,
    target: str,
) -> frozenset[str]:
    """The ids of the updates in open pull requests that a pass would leave as they are.

    None when the forge cannot be asked. Raises GitError.
    """
    changes = _pull_requests(plan, configuration, checkout, target)
    try:
        forge = open_forge() if changes else None
        settled = [each for each in changes if forge and is_settled(each, checkout, forge)]
    except (ForgeError, CredentialError):
        return frozenset()
    return frozenset(update.id for change in settled for update in change.updates)


def _pull_requests(
    plan: Plan, configuration: Configuration, checkout: Checkout, target: str
) -> tuple[Change, ...]:
    changes = changes_of(plan, configuration.routes, target=target, base=checkout.branch)
    return tuple(change for change in changes if change.mode == "pull-request")


def _problem(target: str, error: ForgeError | CredentialError) -> Problem:
    return Problem(
        scope="target",
        subject=target,
        code=error.code,
        message=f"{target}: what people have refused cannot be asked for: {error.message}",
        hint=error.hint,
    )
