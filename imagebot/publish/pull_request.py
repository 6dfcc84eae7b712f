"""Publish a change as a pull request: opened once, then kept current in place.

The branch belongs to the bot while nobody else commits to it. What the bot last did is kept in
the pull request itself (the marker in its body), so that a bot that has lost its caches, or a
second one, comes to the same end. So does one after a bot that was killed: the marker is written
last, when all is done that it says.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from imagebot.errors import ForgeError, PushRejectedError
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Published, PublishStatus
from imagebot.publish.branches import is_rewritten, people_on
from imagebot.publish.changes import Change
from imagebot.publish.comments import HAND_BACK, people_comment, people_note
from imagebot.publish.context import PublishContext
from imagebot.publish.decide import (
    Annotate,
    Close,
    Leave,
    Observed,
    Open,
    Revise,
    Wait,
    Wanted,
    annotated,
    decide,
    is_given_back,
)
from imagebot.publish.digests import look_up_digests
from imagebot.publish.marker import MOST_UNLISTED, PullRequestMarker, with_marker
from imagebot.publish.message import commit_message, pull_request_title
from imagebot.publish.note_block import notes_hash, put_notes, with_gone
from imagebot.publish.restate import restate
from imagebot.publish.state import state_trailer
from imagebot.publish.text import MAX_BODY, plan_hash, pull_request_body
from imagebot.text import printable

UNNAMED = "somebody who was told"
"""Stands for the people on a branch who need not be looked up again."""

_log = logging.getLogger(__name__)


def publish_pull_request(
    change: Change, edits: Mapping[str, bytes], context: PublishContext
) -> Published:
    """Open the change's pull request, bring it up to date, close it, or leave it as it is.

    What people have committed to its branch is never overwritten. Raises PushRejectedError of kind
    `lease` when somebody pushed at the same time, GitError, ForgeError and CredentialError.
    """
    forge = context.forge.use()
    if forge is None:
        raise ForgeError(
            change.target,
            f"route {change.route} opens pull requests, but the target has no forge",
            hint="set the target's forge and credential, or `publish: commit` on the route",
        )
    checkout = context.checkout
    wanted = wanted_of(change, context.blobs())
    observed = observe(change, wanted, context, forge)
    match decide(wanted, observed):
        case Leave(request, commit):
            result = _published(change, "unchanged", request, commit)
        case Annotate(request):
            result = _annotate(change, wanted, observed, context, forge)
        case Close(request):
            return _close(change, observed, request, checkout, forge)
        case Wait() as wait:
            return _wait(change, wait, observed, forge)
        case Open() | Revise():
            result = _push_and_tell(change, wanted, observed, edits, context, forge)
    if observed.open is not None and observed.given_back:
        forge.remove_label(observed.open.number, HAND_BACK)
    return result


def wanted_of(change: Change, blobs: Mapping[str, str]) -> Wanted:
    """The change as a pull request has it in its marker; `blobs` as in `PublishContext`."""
    ending = change.ending
    marker = PullRequestMarker(
        route=change.route,
        plan=plan_hash(change.updates),
        blobs=_blobs_hash(blobs, change.paths),
        pushed="",
        updates=tuple(update.id for update in change.updates),
        configuration=change.configuration,
        again=tuple(update.id for update in change.updates if update.again),
        policies=change.policies,
        notes=notes_hash(change.notes),
        unlisted=change.unlisted,
        gone=change.gone,
        ending=ending.version if ending else "",
        ending_since=ending.since if ending else 0,
    )
    return Wanted(marker, closing=bool(change.closing), frozen=change.frozen)


def observe(change: Change, wanted: Wanted, context: PublishContext, forge: Forge) -> Observed:
    """What there is of the change's pull request.

    Who has committed to its branch is only looked up where the branch is not as the bot left it,
    and where people were not told of that yet: it may take a fetch.
    """
    checkout = context.checkout
    request = context.find(forge, change.branch)
    branch = checkout.remote_branch(change.branch)
    closed = forge.find_closed(change.branch) if request is None and change.updates else ()
    observed = Observed(
        request,
        tuple(one for one in closed if not is_given_back(one, branch)),
        branch,
        given_back=request is not None and HAND_BACK in request.labels,
        recovered=context.recovered(request),
    )
    merged = {one.head for one in closed if one.state == "merged"}
    left = request is None and isinstance(decide(wanted, observed), Leave)
    if branch is None or branch in merged or left or observed.given_back:
        return observed
    people = _people(change.branch, observed.known, context)
    if people or request is None:
        return replace(observed, people=people)
    moved = is_rewritten(change.branch, checkout, observed.known)
    return replace(observed, rewritten=moved)


def _people(
    branch: str, known: PullRequestMarker | None, context: PublishContext
) -> tuple[str, ...]:
    if known is not None and known.people == context.checkout.remote_branch(branch):
        return (UNNAMED,)
    return people_on(branch, context.checkout, known, context.options)


def _wait(change: Change, wait: Wait, observed: Observed, forge: Forge) -> Published:
    """Say once that the branch is not the bot's any more, and always what the registry has lost."""
    request, commit, known = wait.request, observed.branch or "", observed.known
    if request is None:
        _log.warning(
            "%s: %s committed to %s, which has no open pull request: delete the branch to let"
            " imagebot go on",
            *(printable(each) for each in (change.target, ", ".join(wait.people), change.branch)),
        )
        return _published(change, "waiting-for-people", request, commit)
    if not wait.told:
        forge.comment(request.number, people_comment())
    if known is not None and not (wait.told and known.gone == change.gone):
        notes = (people_note(), *(change.notes if change.gone else ()))
        marker = replace(known, people=commit, notes=notes_hash(notes), gone=change.gone)
        body = put_notes(_marked(request.body, marker, forge), notes, room=_room(forge))
        _set_draft(change, known, request.number, forge)
        title = with_gone(request.title, gone=change.gone)
        forge.update(request.number, title=title, body=body)
    return _published(change, "waiting-for-people", request, commit)


def _annotate(
    change: Change, wanted: Wanted, observed: Observed, context: PublishContext, forge: Forge
) -> Published:
    request, known = observed.open, observed.known
    assert request is not None
    assert known is not None
    marker = annotated(known, wanted.marker)
    if _is_of_branch(marker, known):
        marker = restate(change.branch, marker, context.checkout)
    body = put_notes(_marked(request.body, marker, forge), change.notes, room=_room(forge))
    title = with_gone(request.title, gone=change.gone)
    _set_draft(change, known, request.number, forge)
    current = forge.update(request.number, title=title, body=body)
    return _published(change, "updated", current, marker.pushed)


def _is_of_branch(marker: PullRequestMarker, known: PullRequestMarker) -> bool:
    """Whether the commit on the branch has to say what has changed, too."""
    if (marker.ending, marker.ending_since) != (known.ending, known.ending_since):
        return True
    return marker.unlisted != known.unlisted and len(known.unlisted) > MOST_UNLISTED


def _marked(body: str, marker: PullRequestMarker, forge: Forge) -> str:
    return with_marker(body, marker, hidden=forge.limits.hides_comments)


def _set_draft(change: Change, known: PullRequestMarker | None, number: int, forge: Forge) -> None:
    """A draft while the registry lacks a tag of it: it should not be merged by habit."""
    if change.options.draft or (known is not None and known.gone) == change.gone:
        return
    try:
        forge.set_draft(number, draft=change.gone)
    except ForgeError as error:
        what = "a draft" if change.gone else "ready for review"
        _log.warning("could not make pull request #%d %s: %s", number, what, error)


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
    said = replace(change, trailers=(*change.trailers, state_trailer(wanted.marker)))
    message = commit_message(said, context.commit, digests)
    commit = checkout.commit(checkout.head, edits, message=message)
    if commit == checkout.head:
        return _published(change, "unchanged", request, "")
    if wanted.marker.again:
        checkout.push(commit, change.branch, lease=observed.branch or "")  # for its trailers
    else:
        commit = _push(commit, change.branch, observed.branch, checkout)
    title = with_gone(pull_request_title(change, context.commit), gone=change.gone)
    body = _body(change, replace(wanted.marker, pushed=commit), forge)
    if request is not None:
        known = observed.known
        _set_draft(change, known, request.number, forge)
        if known is not None and not known.pushed:
            _decorate(change, forge, request.number)
        current = forge.update(request.number, title=title, body=body)
        return _published(change, "updated", current, commit)
    return _published(change, "opened", _open(change, wanted, title, body, forge), commit)


def _open(change: Change, wanted: Wanted, title: str, body: str, forge: Forge) -> PullRequest:
    """Until it has its labels and reviewers, its marker says that nothing was pushed.

    One that is a draft only because of the registry becomes that later: not every forge can do it.
    """
    options = change.options
    if not (options.labels or options.reviewers or options.assignees or change.gone):
        return forge.create(branch=change.branch, title=title, body=body, draft=options.draft)
    bare = replace(wanted.marker, gone=False)
    opened = forge.create(
        branch=change.branch, title=title, body=_body(change, bare, forge), draft=options.draft
    )
    _set_draft(change, bare, opened.number, forge)
    _decorate(change, forge, opened.number)
    return forge.update(opened.number, title=title, body=body)


def _body(change: Change, marker: PullRequestMarker, forge: Forge) -> str:
    whole = _room(forge)
    room = whole - len(put_notes("", change.notes, room=whole // 2).encode())
    body = pull_request_body(
        change.updates,
        base=change.base,
        marker=marker,
        room=room,
        hidden=forge.limits.hides_comments,
    )
    return put_notes(body, change.notes, room=whole)


def _room(forge: Forge) -> int:
    """The most bytes of a text."""
    return min(MAX_BODY, forge.limits.body)


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


def _close(
    change: Change, observed: Observed, request: PullRequest, checkout: Checkout, forge: Forge
) -> Published:
    """Its branch goes first: a branch without an open pull request is not looked at any more."""
    seen = checkout.remote_branch(change.branch)
    if seen is not None:
        known = observed.known
        if known is not None:
            # So that the same plan, should it come back, is not taken for one that people closed.
            body = _marked(request.body, replace(known, retired=True), forge)
            forge.update(request.number, title=request.title, body=body)
        forge.comment(request.number, change.closing)
        try:
            checkout.delete_branch(change.branch, lease=seen)
        except PushRejectedError as error:
            _log.warning("the branch of a closed pull request stays: %s", error)
    forge.close(request.number)
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


def _blobs_hash(blobs: Mapping[str, str], paths: Iterable[str]) -> str:
    """Equal while the files that a change starts from are."""
    lines = (f"{blobs[path]} {path}" for path in paths if path in blobs)
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
