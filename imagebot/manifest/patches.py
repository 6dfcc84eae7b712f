"""Which images of resources the patches of kustomizations replace. Pure.

Only what is certain counts: a patch with labels or annotations in its target, or of a container by
its number where another patch may add containers, replaces nothing here.

Kustomize (v5.7) matches the names in a target as whole expressions, and puts containers that a
strategic merge adds before the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from imagebot.glob import re2_options
from imagebot.manifest.images.context import CONTAINERS
from imagebot.manifest.images.field import ImageField, Resource, Scan
from imagebot.manifest.images.overlay import Operation, Overlay, Patch, Target
from imagebot.values import dataclass

# Trees with more patches are not looked at: each image is compared with each of its kind.
_MAX_PATCHES = 20_000
_LITERAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/")


@dataclass(frozen=True, slots=True)
class _Change:
    """What a patch does to the containers of its target.

    With a `container` it gives the one of that name in the list `where` another image. Otherwise
    it replaces what is below `pointer`, unless that is (): then it may add or remove containers.
    """

    folder: str
    target: Target
    place: str
    container: str = ""
    where: str = ""
    pointer: tuple[str, ...] = ()


class Patches:
    """The patches of all kustomizations of a tree."""

    def __init__(self, overlays: Iterable[Overlay], scans: Mapping[str, Scan]) -> None:
        self._changes: dict[str, list[_Change]] = {}
        self._names: dict[tuple[str, int, str], set[str]] = {}
        self._scans = scans
        count = 0
        for overlay in overlays:
            for patch in overlay.changes:
                for change in _changes(overlay.folder, patch, scans.get(patch.path, Scan())):
                    count += 1
                    kind = change.target.kind
                    known = kind if _is_literal(kind) else ""
                    self._changes.setdefault(known, []).append(change)
        if count > _MAX_PATCHES:
            self._changes = {}

    def of(self, field: ImageField) -> tuple[tuple[str, str], ...]:
        """The folders of kustomizations that give the image of a container another one, with the
        places that do."""
        owner = field.resource
        if owner is None or not owner.name or len(field.keys) < len(("containers", 0, "image")):
            return ()
        changes = (*self._changes.get(owner.kind, ()), *self._changes.get("", ()))
        about = [each for each in changes if _matches(each.target, owner)]
        found: dict[str, str] = {}
        for each in about:
            if each.target.selected or not _replaces(each, field):
                continue
            if each.container or not any(self._may_shift(other, field) for other in about):
                found.setdefault(each.folder, each.place)
        return tuple(found.items())

    def _may_shift(self, change: _Change, field: ImageField) -> bool:
        """Whether a patch may add containers to the list that a field is in, or remove some."""
        if not change.container:
            return not change.pointer
        return change.where == field.keys[-3] and change.container not in self._beside(field)

    def _beside(self, field: ImageField) -> set[str]:
        """The names of the containers in the list that a field is in."""
        key = (field.path, field.document, repr(field.keys[:-2]))
        if key not in self._names:
            self._names[key] = {
                each.container or ""
                for each in self._scans[field.path].fields
                if each.document == field.document and each.keys[:-2] == field.keys[:-2]
            }
        return self._names[key]


def _changes(folder: str, patch: Patch, scan: Scan) -> Iterator[_Change]:
    depth = len(patch.keys)
    anything = patch.target or Target(selected=True)
    if patch.unread:
        yield _Change(folder, anything, "")
    for operation in scan.operations:
        if operation.keys[:depth] == patch.keys:
            yield _of_operation(folder, anything, operation, patch.path)
    for field in scan.fields:
        owner = field.resource
        if field.keys[:depth] != patch.keys or not field.in_container or owner is None:
            continue
        if field.container and owner.kind and field.format == "kubernetes":
            target = patch.target or _named(owner)
            place = f"{field.path}:{field.line}"
            yield _Change(folder, target, place, field.container, str(field.keys[-3]))


def _of_operation(folder: str, target: Target, operation: Operation, path: str) -> _Change:
    pointer = operation.pointer
    place = f"{path}:{operation.line}"
    is_image = pointer[-1] == "image" and operation.op in ("replace", "add")
    whole = operation.op == "replace" and CONTAINERS.intersection(pointer[-2:])
    appended = operation.op == "add" and pointer[-1] == "-"
    inside = appended or not CONTAINERS.intersection(pointer[-2:])
    if is_image or whole:
        return _Change(folder, target, place, pointer=pointer)
    # What is appended, and other keys of a container, leave the images of others.
    return _Change(folder, target, place, pointer=("",) if inside else ())


def _named(owner: Resource) -> Target:
    """The object that a strategic merge names itself."""
    group, _, version = owner.api_version.rpartition("/")
    return Target(
        group=_escaped(group),
        version=_escaped(version),
        kind=_escaped(owner.kind),
        name=_escaped(owner.name),
        namespace=_escaped(owner.namespace),
    )


def _escaped(text: str) -> str:
    return "".join(each if each in _LITERAL else f"\\{each}" for each in text)


def _replaces(change: _Change, field: ImageField) -> bool:
    keys = tuple(map(str, _inside(field)))
    if change.container:
        return change.container == field.container and change.where == keys[-3]
    depth = len(change.pointer)
    return bool(depth) and keys[:depth] == change.pointer


def _inside(field: ImageField) -> tuple[str | int, ...]:
    """The keys within an object, which may be in a `List`."""
    keys = field.keys
    return keys[2:] if keys[0] == "items" and isinstance(keys[1], int) else keys


def _matches(target: Target, owner: Resource) -> bool:
    group, _, version = owner.api_version.rpartition("/")
    return (
        _fits(target.kind, owner.kind)
        and _fits(target.name, owner.name)
        and _fits(target.namespace, owner.namespace)
        and _fits(target.group, group)
        and _fits(target.version, version)
    )


def _is_literal(expression: str) -> bool:
    return _LITERAL.issuperset(expression)


def _fits(expression: str, text: str) -> bool:
    """Whether a text is what an expression says; one that is not valid fits nothing."""
    if not expression or expression == text:
        return True
    if _is_literal(expression):
        return False
    import re2

    try:
        return re2.fullmatch(expression, text, options=re2_options()) is not None
    except re2.error:
        return False
