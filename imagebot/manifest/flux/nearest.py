"""Chooses among Flux objects of the same name: one in the same file, otherwise the nearest.

A tree may hold the objects of many clusters under the same names. If two differ and neither is
nearer, the result is a Contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias

from imagebot.manifest.images.field import FluxObject, Scan
from imagebot.values import dataclass

# The relevant content of an object: objects with the same content do not contradict each other.
Says: TypeAlias = Callable[[FluxObject], Hashable]
_SAME_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two different objects of the same name, where it is unclear which one is meant."""

    one: FluxObject
    other: FluxObject

    def __str__(self) -> str:
        one, other = self.one, self.other
        where = f"{one.path}:{one.line} and {other.path}:{other.line}"
        return f"{one.kind} {one.name}: {where} differ, and neither is nearer"


class Index:
    """The objects of a tree by kind and name; remembers the choices by folder."""

    def __init__(self, scans: Iterable[Scan]) -> None:
        self.paths: set[str] = set()
        self._groups: dict[tuple[str, str], list[FluxObject]] = {}
        self._chosen: dict[tuple[str, str, str], FluxObject | Contradiction | None] = {}
        for scan in scans:
            for each in scan.objects:
                if each.kind == "NameMarker":
                    continue
                self.paths.add(each.path)
                self._groups.setdefault((each.kind, each.name), []).append(each)

    def every(self, kind: str) -> list[FluxObject]:
        return [each for (of, _), group in self._groups.items() if of == kind for each in group]

    def scope(self, path: str) -> str:
        """The files for which a choice is the same: a folder, or a file that has objects itself."""
        return path if path in self.paths else path.rpartition("/")[0] + "/"

    def choose(
        self, kind: str, name: str, path: str, says: Says
    ) -> FluxObject | Contradiction | None:
        """The object that the file at `path` means by `name`, as `namespace:name`.

        `says` must be the same for all calls with this kind and the same `scope`.
        """
        key = (kind, name, self.scope(path))
        if key not in self._chosen:
            namespace, _, short = name.partition(":")
            group = self._groups.get((kind, short), [])
            self._chosen[key] = _choose(group, namespace, path, says)
        return self._chosen[key]


def _choose(
    group: Sequence[FluxObject], namespace: str, path: str, says: Says
) -> FluxObject | Contradiction | None:
    """An object without a namespace gets it elsewhere, so it matches every namespace."""
    exact = [each for each in group if each.namespace == namespace]
    others = [each for each in group if each.namespace != namespace]
    if namespace:
        others = [each for each in others if not each.namespace]
    chosen = _nearest(exact or others, path, says)
    if not exact or not others or not isinstance(chosen, FluxObject):
        return chosen
    best = max(_closeness(path, each.path) for each in exact)
    said = says(chosen)
    for other in others:
        if _closeness(path, other.path) > best and says(other) != said:
            return Contradiction(chosen, other)
    return chosen


def _nearest(
    objects: Sequence[FluxObject], path: str, says: Says
) -> FluxObject | Contradiction | None:
    if not objects:
        return None
    if not any(each.path == path for each in objects) and _other(objects, says) is None:
        return objects[0]
    distances = [_closeness(path, each.path) for each in objects]
    best = max(distances)
    pool = [each for each, close in zip(objects, distances, strict=True) if close == best]
    other = _other(pool, says)
    return pool[0] if other is None else Contradiction(pool[0], other)


def _other(objects: Sequence[FluxObject], says: Says) -> FluxObject | None:
    """An object with other content than the first."""
    if len(objects) < 2:
        return None
    said = says(objects[0])
    return next((each for each in objects[1:] if says(each) != said), None)


def _closeness(path: str, other: str) -> int:
    """How many leading folders two files have in common."""
    if path == other:
        return _SAME_FILE
    count = 0
    for one, two in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if one != two:
            break
        count += 1
    return count
