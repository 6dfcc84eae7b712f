"""Checks the registries that image fields name: who we are there, and that a list can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from imagebot.config.model import RegistryCredential, RegistryIdentity
from imagebot.errors import RegistryError
from imagebot.http.address import normalise_host
from imagebot.parallel.threads import map_at_once
from imagebot.reference import Repository
from imagebot.registry.api import Registry
from imagebot.registry.origins import guess_origin
from imagebot.run.check import Check
from imagebot.values import dataclass

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Place:
    """A credential's key, or a host without one; `repository` is one of those it is for."""

    name: str
    repository: Repository | None = None


def check_registries(
    repositories: Iterable[Repository],
    credentials: Iterable[RegistryCredential | RegistryIdentity],
    registry: Registry,
) -> Iterator[Check]:
    """For each credential, and for each host without one: how it gives access, and one listing.

    Then what hosts say is left of their limits, and what looks like a pull-through cache without
    `tags-from`.
    """
    named = set(repositories)
    every = {*named, *map(registry.origin, named)}
    # Of a host that caches, rather an image of its own: the lists of the others are the origin's.
    ordered = sorted(every, key=lambda each: (registry.origin(each) != each, each))
    places = _places(ordered, [each.key for each in credentials])
    yield from map_at_once(partial(_check, registry), places, workers=_AT_ONCE)
    for host, room in sorted(registry.head_room().items()):
        yield Check(True, f"limits of {host}", str(room))
    yield from _caches(each for each in sorted(every) if registry.origin(each) == each)


def _caches(repositories: Iterable[Repository]) -> Iterator[Check]:
    guesses = dict.fromkeys(guess for each in repositories if (guess := guess_origin(each)))
    for place, origin in guesses:
        found = f"looks like a cache of {origin}, which lists only what was pulled through it"
        hint = f"if so, add to the bot's file: registries: {{{place}: {{tags-from: {origin}}}}}"
        yield Check(True, f"registry {place}", found, hint)


def _places(repositories: Iterable[Repository], keys: Iterable[str]) -> list[_Place]:
    longest_first = sorted(keys, key=len, reverse=True)
    places = {key: _Place(key) for key in longest_first}
    for repository in repositories:
        covering = (key for key in longest_first if _covers(key, repository))
        name = next(covering, repository.registry)
        if places.get(name, _Place(name)).repository is None:
            places[name] = _Place(name, repository)
    return [places[name] for name in sorted(places)]


def _covers(key: str, repository: Repository) -> bool:
    host, _, path = key.partition("/")
    below = not path or f"{repository.path}/".startswith(f"{path}/")
    return below and normalise_host(host) == repository.registry


def _check(registry: Registry, place: _Place) -> Check:
    subject = f"registry {place.name}"
    try:
        if place.repository is None:
            return Check(True, subject, registry.check(place.name))
        listed = registry.origin(place.repository)
        # A cache is not asked for lists. With the repository's path, in any case: docker's own
        # files may have a credential for just that.
        cached = listed != place.repository
        found = registry.check(str(place.repository) if cached else place.repository)
        count = len(registry.tags(place.repository))
        found += f"; lists {listed}: {count} tag{'' if count == 1 else 's'}"
    except RegistryError as error:
        return Check.failed(subject, error)
    return Check(True, subject, found)
