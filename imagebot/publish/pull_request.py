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
from datetime import datetime

from imagebot.config.model import CommitOptions, Route
from imagebot.errors import BranchModifiedError, ForgeError, PushRejectedError
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.git.tree import Committer
from imagebot.plan.model import Published, PublishStatus
from imagebot.publish.changes import Change
from imagebot.publish.marker import PullRequestMarker, read_marker, with_marker
from imagebot.publish.text import (
    closing_comment,
    commit_message,
    kept_comment,
    plan_hash,
    pull_request_body,
    pull_request_title,
)
from imagebot.text import printable

_log = logging.getLogger(__name__)


def publish_pull_request(
    change: Change,
    checkout: Checkout,
    forge: Forge | None,
    *,
    edits: Mapping[str, bytes],
    author: CommitOptions,
    when: datetime,
) -> Published:
    """Open the change's pull request, bring it up to date, or leave it as it is.

    One that people closed stays closed until the plan is another. A change without updates
    closes its pull request. Raises BranchModifiedError instead of overwriting what people have
    committed, PushRejectedError of kind `lease` when somebody pushed at the same time, GitError
    and ForgeError.
    """
    if forge is None:
        raise ForgeError(
            change.target,
            f"route {change.route} opens pull requests, but the target has no forge",
            hint="set the target's forge and credential, or `publish: commit` on the route",
        )
    existing = forge.find(change.branch)
    if not change.updates:
        return _retire(change, checkout, forge, existing, author)
    marker = _marker(change, checkout)
    settled = _settled(change, checkout, existing, marker)
    if settled is not None:
        return settled
    closed = () if existing else forge.find_closed(change.branch)
    for refused in closed:
        if _refuses(refused, marker):
            return _published(change, "unchanged", refused, refused.head)
    commit = _push(change, checkout, existing, closed, edits, author, when)
    if commit is None:
        return _published(change, "unchanged", existing, "")
    marker = replace(marker, pushed=commit)
    title = pull_request_title(change.updates, route=change.route)
    body = pull_request_body(change.updates, base=change.base, marker=marker)
    if existing is not None:
        current = forge.update(existing.number, title=title, body=body)
        return _published(change, "updated", current, commit)
    options = change.options
    opened = forge.create(branch=change.branch, title=title, body=body, draft=options.draft)
    _decorate(change, forge, opened.number)
    return _published(change, "opened", opened, commit)


def find_stale(
    changes: Iterable[Change],
    routes: Sequence[Route],
    checkout: Checkout,
    forge: Forge | None,
    *,
    target: str,
    configuration: str = "",
    author: CommitOptions = CommitOptions(),  # noqa: B008 - a frozen value
) -> tuple[Change, ...]:
    """Changes without updates, for the open pull requests of `routes` that no change is for.

    Also for those of routes that are gone, where they were made under the same `configuration`
    (its hash) and nobody but the bot has committed to them.

    Only to be asked when the plan is complete: an update that could not be decided is not gone.
    """
    if forge is None:
        return ()
    wanted = {change.branch for change in changes}
    names = {route.name for route in routes if route.publish == "pull-request"}
    stale = []
    for branch in checkout.bot_branches():
        existing = forge.find(branch) if branch not in wanted else None
        marker = read_marker(existing.body) if existing else None
        if marker is None:
            continue
        gone = marker.route not in names and configuration == marker.configuration != ""
        if marker.route in names or (gone and not _people(branch, checkout, existing, author)):
            change = Change(
                target=target,
                base=checkout.branch,
                branch=branch,
                mode="pull-request",
                route=marker.route,
            )
            stale.append(change)
    return tuple(stale)


def is_settled(change: Change, checkout: Checkout, forge: Forge) -> bool:
    """Whether the change has an open pull request that can stay as it is."""
    existing = forge.find(change.branch)
    return _settled(change, checkout, existing, _marker(change, checkout)) is not None


def _marker(change: Change, checkout: Checkout) -> PullRequestMarker:
    return PullRequestMarker(
        route=change.route,
        plan=plan_hash(change.updates),
        blobs=_blobs_hash(checkout, change.paths),
        pushed="",
        updates=tuple(update.id for update in change.updates),
        configuration=change.configuration,
    )


def _settled(
    change: Change, checkout: Checkout, existing: PullRequest | None, marker: PullRequestMarker
) -> Published | None:
    """The answer when the open pull request can stay as it is."""
    known = read_marker(existing.body) if existing else None
    if existing is None or known is None or checkout.remote_branch(change.branch) is None:
        return None
    same = (known.plan, known.blobs) == (marker.plan, marker.blobs)
    # What could not be decided this time would drop out of it, and come back with the next pass.
    waits = not change.complete and set(marker.updates) < set(known.updates)
    return _published(change, "unchanged", existing, known.pushed) if same or waits else None


def _refuses(closed: PullRequest, marker: PullRequestMarker) -> bool:
    """Whether people closed exactly this plan."""
    known = read_marker(closed.body)
    return (
        closed.state == "closed"
        and known is not None
        and known.plan == marker.plan
        and not known.retired
    )


def _push(
    change: Change,
    checkout: Checkout,
    existing: PullRequest | None,
    closed: Sequence[PullRequest],
    edits: Mapping[str, bytes],
    author: CommitOptions,
    when: datetime,
) -> str | None:
    """The commit that the branch is at afterwards, None when there is nothing to commit."""
    signature = Committer(name=author.author_name, email=author.author_email, when=when)
    commit = checkout.commit(
        checkout.head, edits, message=commit_message(change.updates), author=signature
    )
    if commit == checkout.head:
        return None
    seen = checkout.remote_branch(change.branch)
    if seen is not None:
        merged = {one.head for one in closed if one.state == "merged"}
        if seen not in merged:
            _refuse_to_overwrite(change.branch, checkout, existing, author)
        if checkout.has(seen) and _same(checkout, seen, commit):
            return seen
    checkout.push(commit, change.branch, lease=seen or "")
    return commit


def _same(checkout: Checkout, one: str, other: str) -> bool:
    """Whether two commits put the same tree on the same parents."""
    return checkout.tree(one) == checkout.tree(other) and checkout.parents(one) == checkout.parents(
        other
    )


def _people(
    branch: str, checkout: Checkout, existing: PullRequest | None, author: CommitOptions
) -> tuple[str, ...]:
    """Addresses of those, other than the bot, who have committed to the branch."""
    known = read_marker(existing.body) if existing else None
    if known is not None and known.pushed == checkout.remote_branch(branch):
        return ()
    commits = checkout.authors(checkout.head, branch)
    found = (address for commit in commits for address in (commit.author, commit.committer))
    return tuple(dict.fromkeys(address for address in found if address != author.author_email))


def _refuse_to_overwrite(
    branch: str, checkout: Checkout, existing: PullRequest | None, author: CommitOptions
) -> None:
    people = _people(branch, checkout, existing, author)
    if people:
        raise BranchModifiedError(
            f"{checkout.url} {branch}",
            f"{printable(', '.join(people))} committed to it, so imagebot does not touch it",
            authors=people,
            hint="merge or close the pull request and delete the branch; imagebot then goes on",
        )


def _retire(
    change: Change,
    checkout: Checkout,
    forge: Forge,
    existing: PullRequest | None,
    author: CommitOptions,
) -> Published:
    if existing is None:
        return _published(change, "unchanged", None, "")
    if _people(change.branch, checkout, existing, author):
        forge.comment(existing.number, kept_comment())
        return _published(change, "unchanged", existing, existing.head)
    known = read_marker(existing.body)
    if known is not None:
        # So that the same plan, should it ever come back, is not taken for one that people closed.
        body = with_marker(existing.body, replace(known, retired=True))
        forge.update(existing.number, title=existing.title, body=body)
    forge.comment(existing.number, closing_comment())
    forge.close(existing.number)
    seen = checkout.remote_branch(change.branch)
    if seen is not None:
        try:
            checkout.delete_branch(change.branch, lease=seen)
        except PushRejectedError as error:
            _log.warning("the branch of a closed pull request stays: %s", error)
    return _published(change, "closed", existing, seen or "")


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
                "pull request #%d has not got its %s (%s): %s", number, what, wanted, error
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
