"""Publish a change as a pull request: opened once, then kept current in place.

The branch belongs to the bot while nobody else commits to it. What the bot last did is kept in
the pull request itself (the marker in its body), so that a bot that has lost its caches, or a
second one, comes to the same end.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from imagebot.errors import BranchModifiedError, ForgeError, PushRejectedError
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Published, PublishStatus
from imagebot.publish.changes import Change
from imagebot.publish.context import PublishContext
from imagebot.publish.decide import Close, Leave, Observed, Open, Refuse, Revise, Wanted, decide
from imagebot.publish.digests import look_up_digests
from imagebot.publish.marker import PullRequestMarker, read_marker, with_marker
from imagebot.publish.message import commit_message, pull_request_title
from imagebot.publish.text import (
    closing_comment,
    kept_comment,
    plan_hash,
    pull_request_body,
)
from imagebot.text import printable

_log = logging.getLogger(__name__)


def publish_pull_request(
    change: Change, edits: Mapping[str, bytes], context: PublishContext
) -> Published:
    """Open the change's pull request, bring it up to date, close it, or leave it as it is.

    Raises BranchModifiedError instead of overwriting what people have committed, PushRejectedError
    of kind `lease` when somebody pushed at the same time, GitError, ForgeError and CredentialError.
    """
    forge = context.forge.use()
    if forge is None:
        raise ForgeError(
            change.target,
            f"route {change.route} opens pull requests, but the target has no forge",
            hint="set the target's forge and credential, or `publish: commit` on the route",
        )
    checkout = context.checkout
    wanted = wanted_of(change, checkout)
    observed = observe(change, wanted, checkout, forge)
    match decide(wanted, observed):
        case Leave() as leave:
            return _leave(change, leave, forge)
        case Close(request):
            return _close(change, request, checkout, forge)
        case Refuse(people):
            raise _modified(change.branch, checkout, people)
        case Open() | Revise():
            return _push_and_tell(change, wanted, observed, edits, context, forge)


def wanted_of(change: Change, checkout: Checkout) -> Wanted:
    """The change as a pull request has it in its marker."""
    marker = PullRequestMarker(
        route=change.route,
        plan=plan_hash(change.updates),
        blobs=_blobs_hash(checkout, change.paths),
        pushed="",
        updates=tuple(update.id for update in change.updates),
        configuration=change.configuration,
        again=tuple(update.id for update in change.updates if update.again),
    )
    return Wanted(marker, change.complete)


def observe(change: Change, wanted: Wanted, checkout: Checkout, forge: Forge) -> Observed:
    """What there is of the change's pull request.

    Who has committed to its branch is only looked up where something would be done to it: that may
    take a fetch.
    """
    request = forge.find(change.branch)
    closed = forge.find_closed(change.branch) if request is None and change.updates else ()
    observed = Observed(request, closed, checkout.remote_branch(change.branch))
    merged = {one.head for one in closed if one.state == "merged"}
    if observed.branch in merged or isinstance(decide(wanted, observed), Leave):
        return observed
    return replace(observed, people=people_on(change.branch, checkout, request))


def people_on(branch: str, checkout: Checkout, request: PullRequest | None) -> tuple[str, ...]:
    """Addresses of those, other than the bot, who have committed to the branch."""
    known = read_marker(request.body) if request else None
    if known is not None and known.pushed == checkout.remote_branch(branch):
        return ()
    own = checkout.committer.addresses
    commits = checkout.authors(checkout.head, branch)
    foreign = [each for each in commits if (each.author, each.committer) != own]
    found = (address for commit in foreign for address in (commit.author, commit.committer))
    return tuple(dict.fromkeys(address for address in found if address != own[1]))


def _leave(change: Change, leave: Leave, forge: Forge) -> Published:
    if leave.comment and leave.request is not None:
        forge.comment(leave.request.number, kept_comment())
    return _published(change, "unchanged", leave.request, leave.commit)


def _push_and_tell(
    change: Change,
    wanted: Wanted,
    observed: Observed,
    edits: Mapping[str, bytes],
    context: PublishContext,
    forge: Forge,
) -> Published:
    """Push the branch first: a pull request must never speak of what is not there yet."""
    checkout, request = context.checkout, observed.open
    with context.waiting():
        digests = look_up_digests(change.updates, context.registry)
    message = commit_message(change, context.commit, digests)
    commit = checkout.commit(checkout.head, edits, message=message)
    if commit == checkout.head:
        return _published(change, "unchanged", request, "")
    if wanted.marker.again:
        checkout.push(commit, change.branch, lease=observed.branch or "")  # for its trailers
    else:
        commit = _push(commit, change.branch, observed.branch, checkout)
    title = pull_request_title(change, context.commit)
    marker = replace(wanted.marker, pushed=commit)
    body = pull_request_body(change.updates, base=change.base, marker=marker, notes=change.notes)
    if request is not None:
        current = forge.update(request.number, title=title, body=body)
        return _published(change, "updated", current, commit)
    opened = forge.create(branch=change.branch, title=title, body=body, draft=change.options.draft)
    _decorate(change, forge, opened.number)
    return _published(change, "opened", opened, commit)


def _push(commit: str, branch: str, seen: str | None, checkout: Checkout) -> str:
    """The commit that the branch is at afterwards: one that is the same is not pushed again."""
    if seen is not None and checkout.has(seen) and _same(checkout, seen, commit):
        return seen
    checkout.push(commit, branch, lease=seen or "")
    return commit


def _same(checkout: Checkout, one: str, other: str) -> bool:
    """Whether two commits put the same tree on the same parents."""
    return checkout.tree(one) == checkout.tree(other) and checkout.parents(one) == checkout.parents(
        other
    )


def _modified(branch: str, checkout: Checkout, people: tuple[str, ...]) -> BranchModifiedError:
    return BranchModifiedError(
        f"{checkout.url} {branch}",
        f"{printable(', '.join(people))} committed to it, so imagebot does not touch it",
        authors=people,
        hint="merge or close the pull request and delete the branch; imagebot then goes on",
    )


def _close(change: Change, request: PullRequest, checkout: Checkout, forge: Forge) -> Published:
    known = read_marker(request.body)
    if known is not None:
        # So that the same plan, should it come back, is not taken for one that people closed.
        body = with_marker(request.body, replace(known, retired=True))
        forge.update(request.number, title=request.title, body=body)
    forge.comment(request.number, closing_comment())
    forge.close(request.number)
    seen = checkout.remote_branch(change.branch)
    if seen is not None:
        try:
            checkout.delete_branch(change.branch, lease=seen)
        except PushRejectedError as error:
            _log.warning("the branch of a closed pull request stays: %s", error)
    return _published(change, "closed", request, seen or "")


def _decorate(change: Change, forge: Forge, number: int) -> None:
    """Labels, reviewers and assignees: a pull request is worth having without them."""
    options = change.options
    steps: tuple[tuple[str, Callable[[int, Sequence[str]], None], tuple[str, ...]], ...] = (
        ("labels", forge.add_labels, options.labels),
        ("reviewers", forge.request_reviewers, options.reviewers),
        ("assignees", forge.assign, options.assignees),
    )
    for what, step, names in steps:
        if not names:
            continue
        try:
            step(number, names)
        except ForgeError as error:
            wanted = ", ".join(names)
            _log.warning(
                "could not set the %s %s on pull request #%d: %s", what, wanted, number, error
            )


def _blobs_hash(checkout: Checkout, paths: Iterable[str]) -> str:
    """Equal while the files that a change starts from are."""
    files = {file.path: file for file in checkout.files()}
    lines = (f"{files[path].mode} {files[path].blob} {path}" for path in paths if path in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _published(
    change: Change, status: PublishStatus, request: PullRequest | None, commit: str
) -> Published:
    return Published(
        target=change.target,
        route=change.route,
        status=status,
        updates=tuple(update.id for update in change.updates),
        commit=commit,
        branch=change.branch,
        number=request.number if request else 0,
        url=request.url if request else "",
    )
