"""What an ApplicationSet says: the values that its generators give, and what its templates make of
them."""

from __future__ import annotations

from imagebot.manifest.images.bindings import Folders
from imagebot.manifest.images.layers import Section
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Generator:
    """A generator of an ApplicationSet.

    Each of `elements` is a set of values, and so is each file that a glob of `files` matches, but
    none of `without`, in the repository `url`. Of `folders` only the path is known. `values` has
    more values of every set, named `values.…`. `product` are the generators of a matrix, `merged`
    those of a merge, with the `keys` that say which of their sets belong together. One that is
    `apart` has a template of its own.
    """

    elements: tuple[Section, ...] = ()
    files: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    url: str = ""
    folders: Folders | None = None
    values: Section | None = None
    product: tuple[Generator, ...] = ()
    merged: tuple[Generator, ...] = ()
    keys: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A value, by its name, that a template writes at `key`, which is not about images."""

    name: str
    key: str
    line: int


@dataclass(frozen=True, slots=True)
class ApplicationSet:
    """The ApplicationSet at `at` in its file; `uses` are those of values that decide what is
    deployed."""

    at: Section
    generators: tuple[Generator, ...]
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateImage:
    """An image of a template, at `keys` of a document: its tag is the value with the name `value`.

    `name` is the rest of the reference, which may have placeholders, and `where` the place that
    says so. `refusal` says why the tag cannot be edited. With `doubt` it is not certain which image
    it is. With `part` the value is only a part of the tag of an image at `where`, or a function
    makes an image of it.
    """

    document: int
    keys: tuple[str | int, ...]
    value: str
    name: str
    where: str
    refusal: str = ""
    doubt: str = ""
    part: bool = False
