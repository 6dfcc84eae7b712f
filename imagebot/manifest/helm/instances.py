"""The releases that a template with placeholders stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from imagebot.manifest.helm.tree import Tree, filled, placeholders
from imagebot.manifest.images.layers import Release

# So many releases of one template are looked at, and so many names that it does not write down.
_MAX_INSTANCES = 200
_MAX_UNKNOWN = 4


def instances(release: Release, tree: Tree) -> Iterator[Release]:
    """Every release with its names filled in: first those that are written down, then those that
    files of the tree tell. A layer that no file fits stays as it is."""
    for binding in release.bindings or ((),):
        known = _filled(release, dict(binding))
        yield from islice(_told_by_files(known, tree, 0), _MAX_INSTANCES)


def _told_by_files(release: Release, tree: Tree, depth: int) -> Iterator[Release]:
    texts = [(release.chart, True)] if not release.named else []
    texts += [(_path(release, each.file), False) for each in release.layers if each.file]
    for written, chart in texts:
        text = _normal(written)
        if depth < _MAX_UNKNOWN and placeholders(text):
            found = tree.bindings(text, chart=chart, most=_MAX_INSTANCES)
            if found:
                for values in found:
                    yield from _told_by_files(_filled(release, values), tree, depth + 1)
                return
    yield release


def _path(release: Release, file: str) -> str:
    """The path of a file as far as it can be matched with paths of the tree."""
    if file.startswith("$"):
        return file.partition("/")[2]
    return file.lstrip("/") if file.startswith("/") else f"{release.chart}/{file}"


def _normal(path: str) -> str:
    """A path with placeholders without `.` and `..`; no `..` takes away a placeholder, which may
    stand for several folders."""
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and names and names[-1] != ".." and "}}" not in names[-1]:
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    return "/".join(names)


def _filled(release: Release, values: dict[str, str]) -> Release:
    if not values:
        return release
    layers = tuple(replace(each, file=filled(each.file, values)) for each in release.layers)
    return replace(
        release,
        url=filled(release.url, values),
        chart=filled(release.chart, values),
        layers=layers,
        refs=tuple((name, filled(url, values)) for name, url in release.refs),
        bindings=(),
    )
