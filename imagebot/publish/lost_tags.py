"""Tags that a registry has lost since a pull request was first to replace them. Pure.

A list that never had the current tag has not become shorter: many registries keep only the newest
tags of a repository.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from imagebot.plan.model import Update


def tag_ids(updates: Iterable[Update]) -> tuple[str, ...]:
    """The current tags that the registry does not list, each once: 12 hexadecimal digits."""
    return tuple(sorted({_id(each) for each in updates if not each.decision.current_listed}))


def lost_since(updates: Iterable[Update], before: Collection[str]) -> tuple[Update, ...]:
    """The updates whose current tag is not listed, and was when `before` were all that were not."""
    unlisted = (each for each in updates if not each.decision.current_listed)
    return tuple(each for each in unlisted if _id(each) not in before)


def _id(update: Update) -> str:
    current = update.field.reference
    text = f"{current.repository}:{current.tag}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
