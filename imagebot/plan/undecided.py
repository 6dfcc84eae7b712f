"""What there is to say about some fields, as warnings that name their places. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from imagebot.errors import RegistryError
from imagebot.manifest.images.field import ImageField
from imagebot.plan.resolve import TagQuery
from imagebot.policy.model import Decision
from imagebot.reference import Repository

_PLACES = 20
"""So many places are in one warning; more get another."""


def undecided_warnings(
    decided: Iterable[tuple[ImageField, Decision | RegistryError]], *, target: str = ""
) -> tuple[str, ...]:
    """Warnings for the decisions that are not settled: by repository and reason.

    Each field is named, as file:line. An error is a problem of its own.
    """
    found: dict[tuple[Repository, str], list[str]] = {}
    for field, decision in decided:
        if isinstance(decision, Decision) and not decision.settled:
            places = found.setdefault((field.reference.repository, decision.reason), [])
            places.append(f"{field.path}:{field.line}")
    owner = f"{target}: " if target else ""
    return tuple(
        f"{repository}: {reason}; nothing was decided for {owner}{some}"
        for (repository, reason), places in found.items()
        for some in _in_groups(places)
    )


def noted_warnings(
    notes: Mapping[str, Collection[TagQuery]],
    asked: Iterable[tuple[ImageField, TagQuery]],
    *,
    target: str = "",
) -> tuple[str, ...]:
    """The notes of a resolution, each with the places of the fields that it is about."""
    if not notes:
        return ()
    places: dict[TagQuery, list[str]] = {}
    for field, query in asked:
        places.setdefault(query, []).append(f"{field.path}:{field.line}")
    owner = f"{target}: " if target else ""
    return tuple(
        f"{text}: {owner}{some}"
        for text, queries in notes.items()
        for some in _in_groups([place for query in queries for place in places.get(query, ())])
    )


def _in_groups(places: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(places), _PLACES):
        yield ", ".join(places[start : start + _PLACES])
