"""Candidates that the order cannot tell apart: one image by several names, or a choice to make."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.errors import RepositoryNotFoundError
from imagebot.plan.gates.facts import Facts

MOST_COMPARED = 20
"""How many tags of one place are compared, with a request for each."""

_SHOWN = 2


def find_conflict(group: Sequence[str], facts: Facts) -> str:
    """Why none of these tags can be taken; "" where they are one image, or only one is there.

    Raises RegistryError.
    """
    if len(group) > MOST_COMPARED:
        return f"{describe(group)}, and no more than {MOST_COMPARED} are compared"
    digests = set()
    for tag in group:
        try:
            digests.add(facts.digest(tag))
        except RepositoryNotFoundError:
            continue
    return f"{describe(group)} and are different images" if len(digests) > 1 else ""


def describe(group: Sequence[str]) -> str:
    """`3 tags share the newest place (a, b, …)`."""
    more = ", …" if len(group) > _SHOWN else ""
    return f"{len(group)} tags share the newest place ({', '.join(group[:_SHOWN])}{more})"
