"""All the changes of a target, published one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from imagebot.config.model import Configuration
from imagebot.errors import (
    CredentialError,
    ForgeError,
    GitError,
    ImagebotError,
    ManifestError,
    PushRejectedError,
)
from imagebot.files.rewrite import FileChange
from imagebot.plan.file_changes import changed_by, ids_of
from imagebot.plan.model import Plan, Published, Update
from imagebot.problem import Problem
from imagebot.publish.branches import scan_options
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.comments import closing_comment, moved_comment
from imagebot.publish.context import PublishContext
from imagebot.publish.due import may_have_pull_requests
from imagebot.publish.fates import policy_fingerprint
from imagebot.publish.notes import with_notes
from imagebot.publish.publishers import PUBLISHERS
from imagebot.publish.review import Closing, Reviewed, review
from imagebot.publish.text import configuration_hash
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each change, a problem for each that failed, and what people should know."""

    published: tuple[Published, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def publish_plan(
    plan: Plan,
    files: Sequence[FileChange],
    configuration: Configuration,
    context: PublishContext,
    *,
    target: str,
) -> Outcome:
    """Publish every change, then close what is over; what fails stops nothing else.

    `files` are the edits of the plan. PushRejectedError of kind `behind` or `race` on the target's
    own branch is raised before any pull request is touched: plan again.
    """
    context = replace(context, options=scan_options(configuration, plan.layers))
    checkout = context.checkout
    changes = changes_of(
        plan,
        configuration.routes,
        target=target,
        base=checkout.branch,
        configuration=configuration_hash(configuration.path),
        fingerprint=lambda name: policy_fingerprint(name, configuration),
    )
    changes = with_notes(changes, plan)
    reviewed = Reviewed(changes, requests=context.requests)
    problems: list[Problem] = []
    if may_have_pull_requests(configuration, context):
        try:
            reviewed = review(changes, plan, configuration, context, target=target)
        except (ForgeError, GitError, CredentialError) as error:
            if not _is_told(plan, error):
                problems.append(_problem(target, "pull requests", error))
    context = replace(context, requests=reviewed.requests)
    every = (*files, *reviewed.files)
    published: list[Published] = []
    for change in reviewed.changes:
        published += _publish(change, every, context, problems)
    for closing in reviewed.closings:
        closed = _closed(closing, published, context, problems)
        if closed is not None:
            published += _publish(closed, every, context, problems)
    return Outcome(tuple(published), (*reviewed.problems, *problems), reviewed.warnings)


def _is_told(plan: Plan, error: ImagebotError) -> bool:
    """Whether the plan says already, of its vetoes, that the forge cannot be asked."""
    return any(each.scope == "target" and each.code == error.code for each in plan.problems)


def _publish(
    change: Change,
    files: Iterable[FileChange],
    context: PublishContext,
    problems: list[Problem],
) -> tuple[Published, ...]:
    """What became of a change; adds the problem of one that failed."""
    if not (change.updates or change.frozen or change.closing):
        return ()  # its updates wait in another pull request
    try:
        edits = {} if change.frozen else edits_of(change, files)
        return (PUBLISHERS[change.mode](change, edits, context),)
    except (ForgeError, GitError, ManifestError, CredentialError) as error:
        if _is_stale(error, change):
            raise
        problems.append(_problem(change.target, change.route, error))
        return (_failed(change),)


def _closed(
    closing: Closing,
    published: Iterable[Published],
    context: PublishContext,
    problems: list[Problem],
) -> Change | None:
    """The change that closes a pull request; None while its updates are nowhere else yet."""
    change = closing.change
    done = {one.branch: one for one in published if one.status != "failed"}
    if any(branch not in done for branch in closing.moves):
        return None
    places = {branch: one.url or one.commit[:12] for branch, one in done.items()}
    try:
        forge = context.forge.use()
        for branch in closing.moves:
            if forge is not None and done[branch].number:
                forge.comment(done[branch].number, moved_comment(closing.request.url))
    except (ForgeError, CredentialError) as error:
        problems.append(_problem(change.target, change.route, error))
        return None
    text = closing_comment(closing.fates, places, why=closing.why)
    return replace(change, closing=text)


def edits_of(change: Change, files: Iterable[FileChange]) -> dict[str, bytes]:
    """The new bytes of the files that a change touches, with its own updates and no others:
    manifests and their companions.

    Two pull requests may share a file. Raises RefusedEditError.
    """
    by_path: dict[str, list[Update]] = {}
    for update in change.updates:
        by_path.setdefault(update.field.path, []).append(update)
    edits: dict[str, bytes] = {}
    for file in files:
        mine = by_path.get(file.path)
        if not mine:
            continue
        own = file if set(ids_of(mine)) == set(file.updates) else changed_by(file, mine)
        edits |= {each.path: each.new for each in own.rewrites}
    return edits


def _is_stale(error: ImagebotError, change: Change) -> bool:
    lost = isinstance(error, PushRejectedError) and error.kind in ("behind", "race")
    return lost and change.mode == "commit"


def _failed(change: Change) -> Published:
    return Published(
        target=change.target,
        route=change.route,
        status="failed",
        updates=tuple(update.id for update in change.updates),
        branch=change.branch,
    )


def _problem(target: str, subject: str, error: ImagebotError) -> Problem:
    message = f"{subject}: {error.message.removeprefix(f'{target}: ')}"
    return Problem.of_error("change", f"{target}: {subject}", error, message=message)
