"""All the changes of a target, published one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from imagebot.git.checkout import Checkout
from imagebot.manifest.edit import edit
from imagebot.plan.model import Plan, Published
from imagebot.problem import Problem
from imagebot.publish.changes import Change, changes_of, undecided_branches
from imagebot.publish.context import PublishContext
from imagebot.publish.notes import with_notes
from imagebot.publish.publishers import PUBLISHERS
from imagebot.publish.stale import find_stale
from imagebot.publish.text import configuration_hash


def publish_plan(
    plan: Plan,
    files: Sequence[FileChange],
    configuration: Configuration,
    context: PublishContext,
    *,
    target: str,
) -> tuple[tuple[Published, ...], tuple[Problem, ...]]:
    """What became of each change, and a problem for each that failed; the others are published.

    `files` are the edits of the plan. PushRejectedError of kind `behind` or `race` on the target's
    own branch is raised before any pull request is touched: plan again.
    """
    checkout = context.checkout
    made_under = configuration_hash(configuration.path)
    changes = changes_of(
        plan,
        configuration.routes,
        target=target,
        base=checkout.branch,
        configuration=made_under,
    )
    changes = with_notes(changes, plan)
    published: list[Published] = []
    problems: list[Problem] = []
    stale: tuple[Change, ...] = ()
    if not plan.problems and _may_have_pull_requests(configuration, checkout):
        try:
            stale = find_stale(
                changes,
                configuration.routes,
                checkout,
                context.forge.use(),
                target=target,
                configuration=made_under,
                undecided=undecided_branches(plan, base=checkout.branch),
            )
        except (ForgeError, GitError, CredentialError) as error:
            problems.append(_problem(target, "pull requests", error))
    for change in (*changes, *stale):
        try:
            result = PUBLISHERS[change.mode](change, edits_of(change, files), context)
        except (ForgeError, GitError, ManifestError, CredentialError) as error:
            if _is_stale(error, change):
                raise
            problems.append(_problem(target, change.route, error))
            published.append(_failed(change))
        else:
            published.append(result)
    return tuple(published), tuple(problems)


def _may_have_pull_requests(configuration: Configuration, checkout: Checkout) -> bool:
    routes = configuration.routes
    return bool(checkout.bot_branches()) or any(r.publish == "pull-request" for r in routes)


def edits_of(change: Change, files: Iterable[FileChange]) -> dict[str, bytes]:
    """The new bytes of the files that a change touches, with its own updates and no others.

    Two pull requests may share a file. Raises RefusedEditError.
    """
    own = {update.id for update in change.updates}
    edits = {}
    for file in files:
        if own.issuperset(file.updates):
            edits[file.path] = file.new
        elif not own.isdisjoint(file.updates):
            mine = [each.edit for each in change.updates if each.field.path == file.path]
            edits[file.path] = edit(file.path, file.old, mine)
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
    message = f"{subject}: {error.message}"
    return Problem.of_error("change", f"{target}: {subject}", error, message=message)
