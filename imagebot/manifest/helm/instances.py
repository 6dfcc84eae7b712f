"""The releases that a template with placeholders stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, product

from imagebot.git.url import same_repository
from imagebot.manifest.helm.tree import Tree, filled, placeholders
from imagebot.manifest.images.bindings import Binding
from imagebot.manifest.images.layers import Release

# So many releases of one template are looked at, and so many names that it does not write down.
_MAX_INSTANCES = 200
_MAX_UNKNOWN = 4
# More releases of one template, by what is written down and by folders, are not looked at.
_MAX_KNOWN = 10_000
# Folders that a generator of Git finds, or several together.
_MAX_FOLDERS = 500
_NOT_OF_NAMES = re.compile(r"[^a-z0-9.-]")


def instances(release: Release, tree: Tree, url: str) -> Iterator[Release]:
    """Every release with its names filled in: first those that are written down or that folders of
    the tree have, then those that files of the tree tell. A layer that no file fits stays as it is.

    `url` is that of the tree's Git repository, "" if it is not known.
    """
    texts = [release.url, release.chart, *(each.file for each in release.layers)]
    texts += [url for _, url in release.refs]
    for values in values_for(texts, release.bindings, tree, url):
        known = _filled(release, values)
        yield from islice(_told_by_files(known, tree, 0), _MAX_INSTANCES)


def values_for(
    texts: Iterable[str], bindings: Iterable[Binding], tree: Tree, url: str
) -> Iterator[dict[str, str]]:
    """What is known of the placeholders in some texts of a template, once for every set; one
    empty set if nothing is.

    `url` as in `instances`.
    """
    every = (
        values
        for binding in _used(texts, bindings) or (Binding(),)
        for values in _bound(binding, tree, url)
    )
    return islice(every, _MAX_KNOWN)


def _used(texts: Iterable[str], bindings: Iterable[Binding]) -> Iterable[Binding]:
    """The bindings as far as the texts name their values, each once."""
    names = {name.removeprefix(".") for text in texts for name in placeholders(text)}
    found: dict[Binding, None] = {}
    for each in bindings:
        values = tuple((name, text) for name, text in each.values if name in names)
        inner = {one for _, text in values for one in placeholders(text)} | names
        folders = each.folders if any("path" in name for name in inner) else ()
        found[Binding(values, folders)] = None
    return found


def _bound(binding: Binding, tree: Tree, url: str) -> Iterator[dict[str, str]]:
    """The values of a binding, once for every folder that its generators find in this tree."""
    choices: list[list[dict[str, str]]] = []
    for folders in binding.folders:
        if not url or same_repository(folders.url, url):
            paths = tree.folders(folders.globs, folders.without, folders.files, _MAX_FOLDERS)
            choices += [[of_folder(each, folders.prefix) for each in paths]] if paths else []
    for some in islice(product(*choices), _MAX_FOLDERS):
        values = {name: text for one in some for name, text in one.items()}
        for name, text in binding.values:
            values[name] = filled(text, values)
        yield {name: text for name, text in values.items() if "{{" not in text}


def of_folder(path: str, prefix: str) -> dict[str, str]:
    """What the templates of an ApplicationSet may say of a folder."""
    start = f"{prefix}.path" if prefix else "path"
    names = path.split("/")
    found = {start: path, f"{start}.path": path, f"{start}.basename": names[-1]}
    found[f"{start}.basenameNormalized"] = _NOT_OF_NAMES.sub("-", names[-1].lower()).strip("-.")
    for number, name in enumerate(names):
        found[f"{start}[{number}]"] = name
        found[f"index .{start}.segments {number}"] = name
    return found


def _told_by_files(release: Release, tree: Tree, depth: int) -> Iterator[Release]:
    texts = [(release.chart, True)] if not release.named else []
    texts += [(_path(release, each.file), False) for each in release.layers if each.file]
    for written, chart in texts:
        text = normal(written)
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


def normal(path: str) -> str:
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
