"""Joins ApplicationSets with the values that their generators give. Pure.

A template has a tag from a value: of an element of a list, or of a file that a generator of Git
reads. That value becomes a field when its file is scanned again with the image it is the tag of.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from itertools import islice, product

from imagebot.git.url import same_repository
from imagebot.manifest.helm.instances import of_folder
from imagebot.manifest.helm.tree import Tree, filled, is_glob, placeholders
from imagebot.manifest.images.field import Scan, Unread
from imagebot.manifest.images.generated import ApplicationSet, Generator, TemplateImage
from imagebot.manifest.images.layers import Below, GivenImage, Layers, Section, ValuePath
from imagebot.values import dataclass

# More files of one generator, or sets of values of one ApplicationSet, are not looked at.
_MAX_FILES = 500
_MAX_SETS = 2_000
# A file may have a list of sets.
_MAX_ITEMS = 20
# A value of a generator may be filled in with another one: `values: {tag: "{{image.tag}}"}`.
_FILLED_IN = re.compile(r"\{\{-?[ \t]*\.?([\w.-]{1,200}?)[ \t]*-?\}\}")
_MAX_STEPS = 5


@dataclass(frozen=True, slots=True)
class _Value:
    """A value and its place; without a section it is not written anywhere."""

    text: str
    path: str = ""
    section: Section | None = None
    keys: ValuePath = ()
    line: int = 0


# What one Application is made of: values by the names that templates have for them.
_Set = dict[str, _Value]


@dataclass(slots=True)
class Generated:
    """What is given to the sets of generators, by path, and what is not certain."""

    layers: dict[str, tuple[Below, ...]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


class Generators:
    """The generators of a tree; `url` is that of its Git repository, None if it is not known."""

    def __init__(self, paths: Iterable[str], url: str | None) -> None:
        self.tree = Tree(paths)
        self.url = url or ""

    def sections(self, scans: Mapping[str, Scan]) -> dict[str, tuple[Section, ...]]:
        """Where the values of all generators are, by path."""
        found: dict[str, dict[Section, None]] = {}
        for path, scan in scans.items():
            for each in scan.application_sets:
                for generator in _every(each.generators):
                    own = [*generator.elements, *([generator.values] if generator.values else [])]
                    found.setdefault(path, {}).update(dict.fromkeys(own))
                    for file in self.files_of(generator):
                        found.setdefault(file, {}).update(dict.fromkeys(_IN_FILE))
        return {path: tuple(each) for path, each in found.items() if each}

    def files_of(self, generator: Generator) -> tuple[str, ...]:
        """The files of this tree that a generator reads."""
        if not generator.files or (self.url and not same_repository(generator.url, self.url)):
            return ()
        found: dict[str, None] = {}
        for glob in generator.files:
            found.update(dict.fromkeys(self._matched(glob)))
        for glob in generator.without:
            for path in self._matched(glob):
                found.pop(path, None)
        return tuple(islice(found, _MAX_FILES))

    def folders_of(self, generator: Generator) -> list[_Set]:
        """What the templates may say of the folders of this tree that a generator finds."""
        folders = generator.folders
        if folders is None or (self.url and not same_repository(folders.url, self.url)):
            return []
        paths = self.tree.folders(folders.globs, folders.without, folders.files, _MAX_FILES)
        known = (of_folder(path, folders.prefix) for path in paths)
        return [{name: _Value(text) for name, text in each.items()} for each in known]

    def _matched(self, glob: str) -> tuple[str, ...]:
        names = placeholders(glob)
        glob = filled(glob, dict.fromkeys(names, "*")).lstrip("/")
        if not is_glob(glob):
            return (glob,) if glob in self.tree.files else ()
        return self.tree.globbed(glob, _MAX_FILES) or ()

    def join(self, scans: Mapping[str, Scan], values: Mapping[str, Scan]) -> Generated:
        """What the templates make of the values of generators.

        `scans` have the ApplicationSets and their `template_images`, `values` the sections that
        were asked for.
        """
        known = {
            (path, each.section): {
                value.path: _Value(value.text, path, each.section, value.path, value.line)
                for value in each.values
                if value.text is not None
            }
            for path, scan in values.items()
            for each in scan.values
        }
        joined = _Joined()
        for path, scan in scans.items():
            for each in scan.application_sets:
                reader = _Reader(self, path, known)
                sets = list(islice(reader.all_of(each.generators), _MAX_SETS))
                inside = [image for image in scan.template_images if _is_of(image, each)]
                joined.add(path, each, inside, sets)
        return joined.generated()


_IN_FILE = (Section(), *(Section(0, (number,)) for number in range(_MAX_ITEMS)))


def _every(generators: Iterable[Generator]) -> Iterator[Generator]:
    for each in generators:
        yield each
        yield from _every((*each.product, *each.merged))


def _is_of(image: TemplateImage, owner: ApplicationSet) -> bool:
    at = owner.at
    return (
        bool(image.doubt)
        or (image.part and not image.keys)
        or (image.document == at.document and image.keys[: len(at.keys)] == at.keys)
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the sets of the generators of one file; `known` are the values of sections."""

    generators: Generators
    path: str
    known: Mapping[tuple[str, Section], Mapping[ValuePath, _Value]]

    def all_of(self, generators: Iterable[Generator]) -> Iterator[_Set]:
        for each in generators:
            yield from self._of(each)

    def _of(self, generator: Generator) -> Iterator[_Set]:
        if generator.apart:
            return
        own = self._section(self.path, generator.values, "values.") or {}
        if generator.product:
            parts = [list(islice(self._of(each), _MAX_SETS)) for each in generator.product]
            for some in islice(product(*parts), _MAX_SETS):
                yield {name: value for one in (*some, own) for name, value in one.items()}
        elif generator.merged:
            yield from ({**each, **own} for each in self._merged(generator))
        elif generator.files:
            for file in self.generators.files_of(generator):
                for section in _IN_FILE:
                    found = self._section(file, section)
                    if found is not None:
                        yield {**found, **_of_path(file), **own}
        elif generator.elements:
            for section in generator.elements:
                yield self._section(self.path, section) or {}
        else:
            # What other generators find out is not known: their sets have it all the same.
            sets = self.generators.folders_of(generator) or [{}]
            yield from ({**each, **own} for each in sets)

    def _merged(self, generator: Generator) -> Iterator[_Set]:
        """The sets of the first generator, with what those of the others with the same keys say."""
        first, *others = [list(islice(self._of(each), _MAX_SETS)) for each in generator.merged]
        for own in others:
            by_keys = {_texts(each, generator.keys): each for each in own}
            first = [{**each, **by_keys.get(_texts(each, generator.keys), {})} for each in first]
        yield from first

    def _section(self, path: str, section: Section | None, prefix: str = "") -> _Set | None:
        found = self.known.get((path, section)) if section is not None else None
        if found is None:
            return None
        return {prefix + ".".join(keys): value for keys, value in found.items()}


def _texts(values: _Set, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(values[name].text if name in values else "" for name in names)


def _written(values: _Set, name: str) -> _Value | None:
    """The value with a name; one that is only filled in is that which fills it in."""
    for _ in range(_MAX_STEPS):
        value = values.get(name)
        inner = _FILLED_IN.fullmatch(value.text.strip()) if value is not None else None
        if inner is None:
            return value
        name = inner[1]
    return None


def _place(value: _Value | None) -> tuple[str, Section | None, ValuePath]:
    return ("", None, ()) if value is None else (value.path, value.section, value.keys)


def _of_path(path: str) -> _Set:
    """What a generator of Git says of the path of a file."""
    folder, name = posixpath.split(path)
    texts = of_folder(folder, "") | {"path.filename": name}
    return {key: _Value(text) for key, text in texts.items()}


class _Joined:
    """The images of values, by their places."""

    def __init__(self) -> None:
        self.images: dict[tuple[str, Section], dict[ValuePath, GivenImage]] = {}
        self.unread: dict[tuple[str, int], Unread] = {}

    def add(
        self, path: str, owner: ApplicationSet, images: Iterable[TemplateImage], sets: list[_Set]
    ) -> None:
        images = list(images)
        uses = {use.name: f"a `{use.key}` ({path}:{use.line})" for use in owner.uses}
        uses |= {each.value: f"another reference ({each.where})" for each in images if each.part}
        for own in sets:
            texts = {name: value.text for name, value in own.items()}
            used = {_place(_written(own, name)): text for name, text in uses.items()}
            for image in images:
                value = _written(own, image.value)
                if value is None or value.section is None or not value.text or image.part:
                    continue
                self._add(value, image, filled(image.name, texts), used.get(_place(value), ""))

    def _add(self, value: _Value, image: TemplateImage, name: str, use: str) -> None:
        assert value.section is not None
        if image.doubt:
            entry = Unread(value.path, value.line, "ambiguous", image.doubt, True)
            self.unread.setdefault((value.path, value.line), entry)
            return
        if "{{" in name or "{{" in value.text:
            return
        every = self.images.setdefault((value.path, value.section), {})
        one = GivenImage(value.keys, name, where=image.where, refusal=image.refusal, rival=use)
        other = every.setdefault(value.keys, one)
        if other.name != name and not other.rival:
            every[value.keys] = replace(other, rival=f"{name} ({image.where})")

    def generated(self) -> Generated:
        found = Generated(unread=list(self.unread.values()))
        for (path, section), images in self.images.items():
            below = Below(section, images=tuple(images.values()))
            found.layers[path] = (*found.layers.get(path, ()), below)
        return found


def with_more(layers: Layers, more: Layers) -> dict[str, tuple[Below, ...]]:
    """Both together: a section that both are about gets what both give."""
    found = dict(layers)
    for path, given in more.items():
        own = {each.section: each for each in found.get(path, ())}
        for each in given:
            below = own.get(each.section)
            own[each.section] = (
                each if below is None else replace(below, images=(*below.images, *each.images))
            )
        found[path] = tuple(own.values())
    return found
