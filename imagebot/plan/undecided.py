"""Fields that nothing was decided for, as warnings that name their places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imagebot.manifest.images.field import ImageField
from imagebot.policy.model import Decision
from imagebot.reference import Repository

_PLACES = 20
"""So many places are in one warning; more get another."""


def undecided_warnings(
    decided: Iterable[tuple[ImageField, Decision]], *, target: str = ""
) -> tuple[str, ...]:
    """Warnings for the decisions that are not settled: by repository and reason.

    Each field is named, as file:line.
    """
    found: dict[tuple[Repository, str], list[str]] = {}
    for field, decision in decided:
        if not decision.settled:
            places = found.setdefault((field.reference.repository, decision.reason), [])
            places.append(f"{field.path}:{field.line}")
    owner = f"{target}: " if target else ""
    return tuple(
        f"{repository}: {reason}; nothing was decided for {owner}{some}"
        for (repository, reason), places in found.items()
        for some in _in_groups(places)
    )


def _in_groups(places: list[str]) -> Iterator[str]:
    for start in range(0, len(places), _PLACES):
        yield ", ".join(places[start : start + _PLACES])
