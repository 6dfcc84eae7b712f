"""The bot's open pull requests, and the state of those whose texts do not have it (any more).

It is read from the commits on their branches: from a trailer, or for very many updates and commits
of older versions from the diff.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from imagebot.errors import GitError
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.git.url import identity_of
from imagebot.manifest.images.options import ScanOptions
from imagebot.plan.model import update_id
from imagebot.publish.branches import own_commits, proposals_of
from imagebot.publish.marker import MOST_UNLISTED, PullRequestMarker, read_marker
from imagebot.publish.refusals import BotRequests
from imagebot.publish.state import read_trailer
from imagebot.publish.text import BRANCH_PREFIX

MOST_FETCHED = 20
"""So many commits of closed pull requests are fetched in a pass, of the newest."""
MOST_LEFT = 500
"""So many branches are looked at for what may have been refused before it was committed."""

_OID_RE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_log = logging.getLogger(__name__)


def read_open(forge: Forge, checkout: Checkout, options: ScanOptions) -> BotRequests:
    """Every open pull request of the bot's branches, with one list. Raises ForgeError."""
    found = forge.list_open(BRANCH_PREFIX)
    recovered = {
        request.number: state
        for request in found
        if (state := _recovered(request, checkout, options)) is not None
    }
    return BotRequests(found, recovered=recovered)


def read_left(checkout: Checkout) -> frozenset[str]:
    """The ids of the updates that branches of the bot say they have, whatever became of these.

    Of the newest commits of at most `MOST_LEFT` branches; of those that the cache does not have
    yet, and of branches that people have edited, only `MOST_FETCHED` are looked into.
    """
    branches = {branch: checkout.remote_branch(branch) or "" for branch in checkout.bot_branches()}
    some = dict(islice(branches.items(), MOST_LEFT))
    messages = checkout.messages_of(tuple(some.values()))
    said = {branch: read_trailer(messages.get(tip, "")) for branch, tip in some.items()}
    rest = [branch for branch, marker in said.items() if marker is None]
    for branch in rest[:MOST_FETCHED]:
        try:
            checkout.fetch_branch(branch)
            commit = _own_commit(branch, None, checkout)
            said[branch] = read_trailer(checkout.message(commit)) if commit else None
        except GitError as error:
            _log.warning("could not read what %s has: %s", branch, error)
    return frozenset(id_ for marker in said.values() if marker for id_ in marker.updates)


def recover_closed(
    request: PullRequest, checkout: Checkout, options: ScanOptions, *, fetch: bool
) -> PullRequestMarker | None:
    """The whole state of a closed pull request, whose branch may be gone; None without more.

    Its commit is fetched only with `fetch`: most forges keep those of closed pull requests.
    """
    known = read_marker(request.body)
    if not _is_lost(known):
        return None
    commit = known.pushed if known else request.head or checkout.remote_branch(request.branch) or ""
    try:
        if not _OID_RE.fullmatch(commit):
            return None
        if not checkout.has(commit) and not (fetch and checkout.fetch_commit(commit)):
            return None
        return _whole(known, commit, checkout, options)
    except GitError as error:
        _tell(request, error)
        return None


def _recovered(
    request: PullRequest, checkout: Checkout, options: ScanOptions
) -> PullRequestMarker | None:
    """The state of an open pull request, None where its text says all or nothing is to be had."""
    known = read_marker(request.body)
    if not _is_lost(known):
        return None
    try:
        if not checkout.fetch_branch(request.branch):
            return None
        commit = _own_commit(request.branch, known, checkout)
        return _whole(known, commit, checkout, options) if commit else None
    except GitError as error:
        _tell(request, error)
        return None


def _is_lost(known: PullRequestMarker | None) -> bool:
    """Whether a text has not the whole state."""
    return known is None or known.left > 0


def _own_commit(branch: str, known: PullRequestMarker | None, checkout: Checkout) -> str:
    """The bot's commit on a branch that was fetched, "" for none."""
    if known is not None and _OID_RE.fullmatch(known.pushed) and checkout.has(known.pushed):
        return known.pushed
    own = own_commits(branch, checkout)
    return next((each.commit for each in own if read_trailer(each.message)), "")


def _whole(
    known: PullRequestMarker | None, commit: str, checkout: Checkout, options: ScanOptions
) -> PullRequestMarker | None:
    said = read_trailer(checkout.message(commit))
    if known is None:
        if said is None:
            return None
        state = replace(said, pushed=commit)
    elif said is not None and said.plan == known.plan:
        # The text may say of later passes which tags are not listed, where it has room for all.
        cut = len(said.unlisted) > MOST_UNLISTED
        state = replace(
            known,
            updates=said.updates,
            again=said.again,
            policies=said.policies,
            unlisted=said.unlisted if cut else known.unlisted,
            left=said.left,
        )
    else:
        state = known
    if not state.left:
        return state
    return replace(state, updates=tuple(_ids(commit, checkout, options)), left=0)


def _ids(commit: str, checkout: Checkout, options: ScanOptions) -> Iterable[str]:
    """The ids of the updates that a commit makes."""
    identity = identity_of(checkout.url, checkout.branch)
    for proposal in proposals_of(commit, checkout, options):
        yield update_id(identity, proposal.field, proposal.after)


def _tell(request: PullRequest, error: GitError) -> None:
    _log.warning("could not read what pull request #%d proposes: %s", request.number, error)
