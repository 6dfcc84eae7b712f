"""Publish a change as a commit on the target's branch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from imagebot.config.model import CommitOptions
from imagebot.forge.model import Forge
from imagebot.git.checkout import Checkout
from imagebot.git.tree import Committer
from imagebot.plan.model import Published
from imagebot.publish.changes import Change
from imagebot.publish.text import commit_message


def publish_commit(
    change: Change,
    checkout: Checkout,
    forge: Forge | None,
    *,
    edits: Mapping[str, bytes],
    author: CommitOptions,
    when: datetime,
) -> Published:
    """Commit on the head that was planned from, and push it forwards.

    PushRejectedError of kind `behind` or `race`: look again and plan again, for the files may be
    other ones now.
    """
    del forge
    signature = Committer(name=author.author_name, email=author.author_email, when=when)
    head = checkout.head
    commit = checkout.commit(head, edits, message=commit_message(change.updates), author=signature)
    if commit != head:
        checkout.push(commit, checkout.branch)
    return Published(
        target=change.target,
        route=change.route,
        status="committed" if commit != head else "unchanged",
        updates=tuple(update.id for update in change.updates),
        commit=commit,
        branch=checkout.branch,
    )
