"""What one file says about Helm: a chart, how its templates name images, and what is installed.

A chart's values come in layers: its own `values.yaml`, then the files and inline values of whoever
installs it; the last one wins. One layer may hold the repository of an image and another its tag.
"""

from __future__ import annotations

from dataclasses import dataclass

# The keys that lead to a value: `("image", "tag")` for `.Values.image.tag`.
ValuePath = tuple[str, ...]


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
    """

    line: int
    parts: tuple[TemplatePart, ...]


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
    """Values that a release merges: `file` as written (`values-prod.yaml`, `/env/x.yaml`,
    `$ref/values.yaml`, a glob), or values at `keys` of document `document` of the release's file.

    `parameters` says that `keys` leads to a list of `{name, value}`. `line` counts from 1.
    """

    line: int
    file: str = ""
    document: int = 0
    keys: tuple[str | int, ...] = ()
    parameters: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One installation of a chart and what it merges over the chart's own values, lowest first.

    `by` is the kind of what installs it: `Application`, `ApplicationSet`, `HelmRelease`,
    `helmfile`, `kustomization`. `url` is the Git or chart repository of the chart, "" for the files
    of this tree. `chart` is a folder in it (`path`) or the name of a packaged chart (`named`).
    `refs` are the repositories that `$ref/…` files are in: (ref, url). `prefix` leads to the values
    of this chart within the layers (the alias of a subchart), () for a chart of its own.
    """

    by: str
    name: str
    line: int
    url: str = ""
    chart: str = ""
    named: bool = False
    refs: tuple[tuple[str, str], ...] = ()
    layers: tuple[Layer, ...] = ()
    prefix: ValuePath = ()
