"""What is done with the images of a chart behind its templates: `images:` of a kustomization. Pure.

The post-renderers of a HelmRelease, and the kustomization that inflates a chart, replace images as
Kustomize does: a tag in the values may be deployed under another name, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from imagebot.manifest.helm.merged_values import MergedValues
from imagebot.manifest.helm.stacks import MAX_LAYERS, Stack
from imagebot.manifest.images.field import ImageField, Scan, Unread
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of an image in one release: the place that replaces it, or its name, with the
    place of that unless it is its own."""

    replaced: str = ""
    name: str = ""
    where: str = ""


def join_rendered(
    stacks: Iterable[Stack], values: MergedValues, scans: Mapping[str, Scan]
) -> dict[str, Scan]:
    """The scans that change: of an image with several names it is said, and one that every release
    replaces gets the place that does."""
    every = tuple(stacks)
    paths = {place.path for stack in every if stack.images for place in stack.layers}
    merging: dict[str, list[tuple[Stack, int]]] = {}
    for stack in every if paths else ():
        for number, place in enumerate(stack.layers):
            known = merging.setdefault(place.path, [])
            if place.path in paths and len(known) <= MAX_LAYERS:
                known.append((stack, number))
    changed: dict[str, Scan] = {}
    for path in sorted(paths & scans.keys()):
        joined = _joined(scans[path], merging[path], values)
        if joined is not scans[path]:
            changed[path] = joined
    return changed


def _joined(scan: Scan, merging: list[tuple[Stack, int]], values: MergedValues) -> Scan:
    fields: list[ImageField] = []
    unread = list(scan.unread)
    for each in scan.fields:
        outcomes = dict.fromkeys(_outcomes(each, merging, values))
        names = {one.name: one.where for one in outcomes if one.name}
        if outcomes and not names:
            fields.append(replace(each, replaced=next(iter(outcomes)).replaced))
        elif names.keys() <= {each.reference.name}:
            fields.append(each)
        else:
            said = " and as ".join(f"{n} ({w})" if w else n for n, w in names.items())
            reason = f"its tag is deployed as {said}: write a newTag there"
            unread.append(Unread(each.path, each.line, "ambiguous", reason, True))
    if tuple(fields) == scan.fields:
        return scan
    unread.sort(key=lambda each: each.line)
    return replace(scan, fields=tuple(fields), unread=tuple(unread))


def _outcomes(
    field: ImageField, merging: list[tuple[Stack, int]], values: MergedValues
) -> Iterator[_Outcome]:
    """What becomes of an image in the releases that merge its file and use its tag."""
    for stack, number in merging:
        place = stack.layers[number]
        section = place.section
        depth = len(section.keys)
        if field.document != section.document or field.keys[:depth] != section.keys:
            continue
        # Values by name have the number of an item before their keys.
        path = tuple(str(key) for key in field.keys[depth + section.parameters :])
        whole = (*place.mount, *path)
        above = stack.layers[number + 1 :][::-1]
        if path and whole[-1] not in values.mapping(above, whole[:-1]):
            yield _outcome(field.reference.name, stack)
            if number < stack.own:
                # The defaults of a chart are for others, too.
                yield _Outcome(name=field.reference.name)


def _outcome(name: str, stack: Stack) -> _Outcome:
    where = ""
    for at, each in stack.images:
        if each.name != name:
            continue
        if not each.renamed:
            return _Outcome(replaced=at)
        name, where = each.renamed, at
    return _Outcome(name=name, where=where)
