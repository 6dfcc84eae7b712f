"""The other name of a moving tag: which version `latest` is now."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.errors import RepositoryNotFoundError
from imagebot.plan.gates.facts import Facts
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """The first of some tags that has the moving tag's digest, None when none of them has it.

    `digest` is the moving tag's, None when it is not there. `others` were asked, and have another.
    """

    tag: str | None
    digest: str | None
    others: tuple[str, ...] = ()


def find_version(moving: str, tags: Sequence[str], facts: Facts) -> Found:
    """Ask about the moving tag, then about the others in their order, up to the first that is it.

    Raises RegistryError; a tag without a manifest is another image.
    """
    try:
        wanted = facts.digest(moving)
    except RepositoryNotFoundError:
        return Found(None, None)
    others: list[str] = []
    for tag in tags:
        try:
            if facts.digest(tag) == wanted:
                return Found(tag, wanted, tuple(others))
        except RepositoryNotFoundError:
            pass
        others.append(tag)
    return Found(None, wanted, tuple(others))
