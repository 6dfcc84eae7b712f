"""Writes what has changed of a pull request's state into the commit on its branch."""

from __future__ import annotations

from dataclasses import replace

from imagebot.git.checkout import Checkout
from imagebot.publish.branches import own_commits
from imagebot.publish.marker import PullRequestMarker
from imagebot.publish.state import read_trailer, with_state


def restate(branch: str, marker: PullRequestMarker, checkout: Checkout) -> PullRequestMarker:
    """Put the state into the trailer of the branch's commit: the same files, on the same parent.

    Returns the marker with the commit that is there then. A branch on which something else was
    pushed is left as it is, and so is a commit without a trailer, of an older version. Raises
    PushRejectedError and GitError.
    """
    tip = checkout.fetch_branch(branch)
    if not tip:
        return marker
    message = checkout.message(tip)
    said = with_state(message, marker)
    if said == message:
        return replace(marker, pushed=tip) if _is_said(branch, message, tip, checkout) else marker
    parents = checkout.parents(tip) if tip == marker.pushed else ()
    if len(parents) != 1:
        return marker
    blobs = {diff.path: diff.new for diff in checkout.changed(parents[0], tip)}
    contents = checkout.read(blobs.values())
    if not all(blob in contents for blob in blobs.values()):
        return marker
    edits = {path: contents[blob] for path, blob in blobs.items()}
    commit = checkout.commit(parents[0], edits, message=said)
    checkout.push(commit, branch, lease=tip)
    return replace(marker, pushed=commit)


def _is_said(branch: str, message: str, tip: str, checkout: Checkout) -> bool:
    """Whether the commit of the bot has the state: a pass was killed before the text had it."""
    own = own_commits(branch, checkout)
    return read_trailer(message) is not None and any(each.commit == tip for each in own)
