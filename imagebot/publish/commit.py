"""Publish a change as a commit on the target's branch."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.plan.model import Published
from imagebot.publish.changes import Change
from imagebot.publish.context import PublishContext
from imagebot.publish.digests import look_up_digests
from imagebot.publish.message import commit_message


def publish_commit(
    change: Change, edits: Mapping[str, bytes], context: PublishContext
) -> Published:
    """Commit on the head that the plan was made from, and push that forwards.

    PushRejectedError of kind `behind` or `race` means: look and plan again, because the files may
    have changed.
    """
    checkout = context.checkout
    head = checkout.head
    with context.waiting():
        digests = look_up_digests(change.updates, context.registry)
    message = commit_message(change, context.commit, digests)
    commit = checkout.commit(head, edits, message=message)
    if commit != head:
        checkout.push(commit, checkout.branch)
    return Published(
        target=change.target,
        route=change.route,
        status="committed" if commit != head else "unchanged",
        updates=tuple(update.id for update in change.updates),
        commit=commit,
        before=head,
        branch=checkout.branch,
    )
