"""Tags that a registry has lost since a pull request was first to replace them. Pure.

A list that never had the current tag has not become shorter: many registries keep only the newest
tags of a repository.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.same import same_field
from imagebot.plan.model import Update
from imagebot.publish.marker import PullRequestMarker


def tag_id(field: ImageField) -> str:
    """The current tag of a field: 12 hexadecimal digits."""
    text = f"{field.reference.repository}:{field.reference.tag}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def tag_ids(updates: Iterable[Update]) -> tuple[str, ...]:
    """The current tags that the registry does not list, each once."""
    return tuple(sorted({tag_id(each.field) for each in unlisted(updates)}))


def unlisted(updates: Iterable[Update]) -> tuple[Update, ...]:
    """The updates whose current tag the registry does not list."""
    return tuple(each for each in updates if not each.decision.current_listed)


def lost_ids(updates: Iterable[Update], states: Iterable[PullRequestMarker]) -> set[str]:
    """The tags among those of `unlisted` updates that were listed when a pull request was first to
    replace them; `states` are of all that are open.
    """
    found = {each.id: tag_id(each.field) for each in updates}
    return {
        found[id_]
        for state in states
        for id_ in found.keys() & set(state.updates)
        if found[id_] not in state.unlisted
    }


def never_listed(fields: Iterable[ImageField], known: PullRequestMarker) -> tuple[str, ...]:
    """The current tags of fields that were not listed when a pull request was to replace them."""
    ids = {tag_id(field) for field in fields}
    return tuple(each for each in known.unlisted if each in ids)


def proposed_before(update: Update, fields: Collection[ImageField]) -> bool:
    """Whether a pull request, which found `fields`, replaces the current tag of an update."""
    current = update.field
    same = same_field([each for each in fields if each.path == current.path], current)
    return same is not None and same.reference == current.reference
