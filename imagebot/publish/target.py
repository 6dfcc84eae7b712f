"""All the changes of a target, published one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from imagebot.config.model import Configuration
from imagebot.errors import (
    ForgeError,
    GitError,
    ImagebotError,
    ManifestError,
    Problem,
    PushRejectedError,
)
from imagebot.files.rewrite import FileChange
from imagebot.forge.model import Forge
from imagebot.git.checkout import Checkout
from imagebot.manifest.edit import edit
from imagebot.plan.model import Plan, Published
from imagebot.publish.changes import Change, changes_of
from imagebot.publish.publishers import PUBLISHERS
from imagebot.publish.pull_request import find_stale
from imagebot.publish.text import configuration_hash


def publish_plan(
    plan: Plan,
    files: Sequence[FileChange],
    configuration: Configuration,
    checkout: Checkout,
    forge: Forge | None,
    *,
    target: str,
    when: datetime,
) -> tuple[tuple[Published, ...], tuple[Problem, ...]]:
    """What became of each change, and a problem for each that failed; the others are published.

    `files` are the edits of the plan. PushRejectedError of kind `behind` or `race` on the target's
    own branch is raised before any pull request is touched: plan again.
    """
    routes, made_under = configuration.routes, configuration_hash(configuration.path)
    changes = changes_of(
        plan, routes, target=target, base=checkout.branch, configuration=made_under
    )
    published: list[Published] = []
    problems: list[Problem] = []
    stale: tuple[Change, ...] = ()
    if not plan.problems:
        try:
            stale = find_stale(
                changes,
                routes,
                checkout,
                forge,
                target=target,
                configuration=made_under,
                author=configuration.commit,
            )
        except (ForgeError, GitError) as error:
            problems.append(_problem(target, "pull requests", error))
    for change in (*changes, *stale):
        try:
            edits = edits_of(change, files)
            result = PUBLISHERS[change.mode](
                change, checkout, forge, edits=edits, author=configuration.commit, when=when
            )
        except (ForgeError, GitError, ManifestError) as error:
            if _is_stale(error, change):
                raise
            problems.append(_problem(target, change.route, error))
            published.append(_failed(change))
        else:
            published.append(result)
    return tuple(published), tuple(problems)


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
    return Problem(
        scope="change",
        subject=f"{target}: {subject}",
        code=error.code,
        message=f"{subject}: {error.message}",
        hint=error.hint,
    )
