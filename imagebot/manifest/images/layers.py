"""What one file says about Helm: a chart, how its templates name images, and what is installed.

A chart's values come in layers: its own `values.yaml`, then the files and inline values of whoever
installs it; the last one wins. One layer may hold the repository of an image and another its tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from imagebot.manifest.images.bindings import Binding
from imagebot.manifest.images.overlay import Override
from imagebot.values import dataclass

# The keys that lead to a value: `("image", "tag")` for `.Values.image.tag`.
ValuePath = tuple[str, ...]


# The key of a name in `valuesFrom` of a HelmRelease: the value with that name is in another object.
TARGET = "targetPath"


# The function of a part of which only the values are known that it is made of.
CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class TemplatePart:
    """One piece of a text that a template makes: a source, a choice or a function's result.

    A source is one of `text`, written as it is; `path`, the value there; `path` with `key`, the
    last key of that path itself; `chart`, what the chart says of itself: `AppVersion`, `Name` or
    `Version`. A choice has a `test`: it is `then` where the test holds, `fallback` otherwise. The
    test is whether its text is not empty, or what `function` asks of it (`("eq", "x")`). Without a
    test, `function` is what `then` is passed through (`("trimSuffix", "/")`).
    """

    text: str = ""
    path: ValuePath = ()
    key: bool = False
    chart: str = ""
    function: tuple[str, ...] = ()
    test: tuple[TemplatePart, ...] = ()
    then: tuple[TemplatePart, ...] = ()
    fallback: tuple[TemplatePart, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartImage:
    """An `image:` of a chart's template: its parts, joined in order; `line` counts from 1.

    A part of a path that stands for every item or key (`range`) is `*`: the same one in all paths
    that begin alike. The text is empty where the template has another image instead.

    With a `registry`, the image at `where` is not understood: it names this registry, and the
    values in its parts. Without parts, nothing is known of it.
    """

    line: int
    parts: tuple[TemplatePart, ...]
    registry: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class ChartDependency:
    """A subchart: `alias` is the key of its values in the parent chart (its name without one).

    `repository` is as written: `file://../base`, `oci://…`, `https://…` or "".
    """

    name: str
    alias: str
    repository: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A `Chart.yaml`."""

    name: str
    app_version: str = ""
    dependencies: tuple[ChartDependency, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """Values that a release merges, in one of three places.

    `file` is a file as written (`values-prod.yaml`, `/env/x.yaml`, `$ref/values.yaml`, a glob).
    `holder` is `kind:namespace:name:key` of a ConfigMap or Secret. Otherwise the values are at
    `keys` of document `document` of the release's own file; `parameters` says that a list of
    `{name, value}` is there, or at a key `TARGET` one name. `line` counts from 1.
    """

    line: int
    file: str = ""
    holder: str = ""
    document: int = 0
    keys: tuple[str | int, ...] = ()
    parameters: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One installation of a chart and what it merges over the chart's own values, lowest first.

    `by` is the kind of what installs it: `Application`, `ApplicationSet`, `HelmRelease`,
    `helmfile`, `kustomization`. The chart is the folder `chart` of the repository `url`, or if
    `named` a packaged chart of that name. `url` is "" for the files of this tree; `source` is the
    GitRepository (`namespace:name`) that has the URL. `refs` are the repositories of `$ref/…`
    files: (ref, url). An incomplete one is a patch of the release of the same name.

    Texts may hold placeholders (`{{env}}`); each item of `bindings` has values for some of them.
    `images` replace those that the templates make.
    """

    by: str
    name: str
    line: int
    url: str = ""
    source: str = ""
    chart: str = ""
    named: bool = False
    patch: bool = False
    refs: tuple[tuple[str, str], ...] = ()
    layers: tuple[Layer, ...] = ()
    bindings: tuple[Binding, ...] = ()
    images: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """A ConfigMap or Secret with values, as `Layer.holder` names it (`kind:namespace:name:key`).

    They are at `keys` of a document, or in `file` (of a generator), a path from the top.
    """

    name: str
    document: int = 0
    keys: tuple[str | int, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class LayerValue:
    """One value of a layer; `text` is None for a list and for `null`, which hide what is below.

    Values in a list are there too, with the number of their item in the path (`"0"`). `empty` ones
    have a text, but count as false for templates: `false` and 0.
    """

    path: ValuePath
    text: str | None
    line: int
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Where values are in a file; `parameters` as in `Layer`."""

    document: int = 0
    keys: tuple[str | int, ...] = ()
    parameters: bool = False


@dataclass(frozen=True, slots=True)
class SectionValues:
    """The values of a section, in the order of the file."""

    section: Section
    values: tuple[LayerValue, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A value that another layer gives; `where` is its place (`chart/values.yaml:2`).

    `rival` is the place of a different value that another release would give.
    """

    path: ValuePath
    text: str
    where: str
    rival: str = ""


@dataclass(frozen=True, slots=True)
class GivenImage:
    """An image that the templates of a chart put together, with its tag (or digest alone) in the
    value at `path`, of which the tag is what follows the first `before` characters.

    `name` is the rest of the reference and `where` the place of the value that names it, "" if
    that is in the same file. `digest` leads to the value of this file that has only the digest.
    `refusal` says why it cannot be edited, `rival` of which other image it is the tag, and where.
    With `made` the value is only a part of the tag, which is `made` as a whole.
    """

    path: ValuePath
    name: str
    before: int = 0
    where: str = ""
    digest: ValuePath = ()
    refusal: str = ""
    rival: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A registry that a template may put before the images at a path or below it; `where` is the
    place of the template."""

    path: ValuePath
    registry: str
    where: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Why a value at a path, below it or (with `beside`) in the same mapping is not what is
    deployed. With `unless`, it is the tag of that repository, and of no other that shapes find."""

    path: ValuePath
    reason: str
    beside: bool = False
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """An image that every kustomization above a file gives the same other name; its tag is still
    that of the file. `where` is the place of the new name, `entry` is for entries of `images:`."""

    name: str
    to: str
    where: str
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Below:
    """What the other layers, and the templates of charts, give to a section of a file.

    `absent` names the chart that a release installs and that is not in these files, if nothing else
    can say which image a tag belongs to. `names` are for the whole file (section `WHOLE_FILE`).
    """

    section: Section
    given: tuple[Given, ...] = ()
    absent: str = ""
    images: tuple[GivenImage, ...] = ()
    names: tuple[Renamed, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    decided: tuple[Decided, ...] = ()


WHOLE_FILE = Section(document=-1)


# By path of a file.
Layers: TypeAlias = Mapping[str, tuple[Below, ...]]
