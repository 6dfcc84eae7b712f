"""Finds what a pass has committed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imagebot.config.model import BotConfiguration
from imagebot.nudge.model import Commit, CommittedUpdate, Passed
from imagebot.plan.model import Update


def commits_of(bot: BotConfiguration, result: Passed) -> Iterator[Commit]:
    """The commits on the branches of targets; not those of pull requests, which nobody deploys."""
    targets = {target.name: target for target in bot.targets}
    by_target: dict[str, dict[str, Update]] = {}
    for update in result.plan.updates:
        by_target.setdefault(update.target.name, {})[update.id] = update
    for entry in result.published:
        target = targets.get(entry.target)
        if entry.status != "committed" or target is None:
            continue
        known = by_target.get(entry.target, {})
        yield Commit(
            target=target.name,
            url=target.url,
            branch=target.branch,
            commit=entry.commit,
            before=entry.before,
            updates=tuple(_committed(known[id_] for id_ in entry.updates if id_ in known)),
        )


def _committed(updates: Iterable[Update]) -> Iterator[CommittedUpdate]:
    for update in updates:
        current = update.field.reference
        yield CommittedUpdate(
            name=str(current.repository),
            old=str(current),
            new=update.new_reference,
            path=update.field.path,
        )
