"""Helmfiles: what they install, and the values and settings that are written in them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from imagebot.manifest.formats import chart, helm
from imagebot.manifest.formats.argocd_parameters import find_parameters
from imagebot.manifest.formats.helm_release import file_layer, inside, values_layers
from imagebot.manifest.helm.tree import printed
from imagebot.manifest.images.bindings import Binding
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Layer, Release
from imagebot.manifest.images.naming import said
from imagebot.manifest.yaml.tree import Mapping, is_scalar

_MAX_ENVIRONMENTS = 100
_MAX_INHERITED = 20
_MAX_LABELS = 100


def is_helmfile(root: Mapping) -> bool:
    releases = root.sequence("releases") or ()
    templates = [node for _, node in (root.mapping("templates") or Mapping()).values()]
    return any(
        isinstance(each, Mapping) and (each.scalar("chart") is not None or "inherit" in each)
        for each in (*releases, *templates)
    )


def carry_repositories(context: DocumentContext, root: Mapping) -> None:
    """Collect the OCI registries of a helmfile, by the names that its charts use for them."""
    for entry in root.sequence("repositories") or ():
        if isinstance(entry, Mapping) and entry.text("oci").strip().lower() == "true":
            name, url = said(entry, "name"), said(entry, "url")
            if name and url:
                url = url.removeprefix("oci://").rstrip("/")
                context.findings.repositories[name] = f"oci://{url}"


def _find_chart(context: DocumentContext, entry: Mapping, keys: Keys) -> None:
    """`chart: NAME/app`, where NAME is an OCI registry of this helmfile."""
    name, _, last = said(entry, "chart").partition("/")
    url = context.findings.repositories.get(name, "")
    version = entry.scalar("version")
    if version is not None and url and last and not context.is_variable(version, f"{url}/{last}"):
        chart.find_versioned(context, entry, url, last, keys, loose=True)


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Collect the releases, and report the images of their values: each has other layers."""
    environments = list(root.mapping("environments") or ())[:_MAX_ENVIRONMENTS]
    for name, (_, template) in (root.mapping("templates") or Mapping()).items():
        if isinstance(template, Mapping):
            _find_values(context, template, (*keys, "templates", name))
    for number, entry in enumerate(root.sequence("releases") or ()):
        if not isinstance(entry, Mapping):
            continue
        parts = _with_inherited(root, entry, keys, number)
        chart = next((part for part, _ in reversed(parts) if said(part, "chart")), None)
        if chart is None:
            continue
        _find_chart(context, entry, parts[-1][1])
        context.findings.releases.append(_release(context, chart, parts, environments))
        _find_values(context, entry, parts[-1][1])
    _find_templates(context, root, keys)


def _find_values(context: DocumentContext, entry: Mapping, keys: Keys) -> None:
    for index, item in enumerate(entry.sequence("values") or ()):
        if isinstance(item, Mapping):
            helm.find(context, item, (*keys, "values", index))
    find_parameters(context, entry, keys, key="set")


def _with_inherited(
    root: Mapping, entry: Mapping, keys: Keys, number: int
) -> list[tuple[Mapping, Keys]]:
    """The templates that a release inherits from, in their order, and the release. Helmfile puts
    the values of a release behind those of its templates."""
    templates = root.mapping("templates") or Mapping()
    found: list[tuple[Mapping, Keys]] = []
    for item in (entry.sequence("inherit") or ())[:_MAX_INHERITED]:
        # What `except` leaves out of a template is not among the values that are merged.
        name = item.text("template") if isinstance(item, Mapping) else ""
        template = templates.mapping(name) if name else None
        if template is not None and isinstance(item, Mapping):
            left_out = {each.value for each in item.sequence("except") or () if is_scalar(each)}
            kept = Mapping.like(template)
            kept.update((key, pair) for key, pair in template.items() if key not in left_out)
            found.append((kept, (*keys, "templates", name)))
    return [*found, (entry, (*keys, "releases", number))]


def _find_templates(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Charts of `templates` that releases inherit by name; those they merge (`<<`) are theirs."""
    releases = [each for each in root.sequence("releases") or () if isinstance(each, Mapping)]
    merged = {id(each.scalar("version")) for each in releases}
    for name, (_, template) in (root.mapping("templates") or Mapping()).items():
        if isinstance(template, Mapping) and id(template.scalar("version")) not in merged:
            _find_chart(context, template, (*keys, "templates", name))


def _release(
    context: DocumentContext,
    owner: Mapping,
    parts: list[tuple[Mapping, Keys]],
    environments: list[str],
) -> Release:
    """`owner` has the chart: a folder, or `repository/name`."""
    folder = posixpath.dirname(context.findings.path)
    chart, name = printed(said(owner, "chart")), said(parts[-1][0], "name")
    layers = [layer for part, keys in parts for layer in _values_of(context, part, keys)]
    for part, keys in parts:
        if part.sequence("set"):
            layers += values_layers(context, part, "set", keys, parameters=True)
    local = chart.startswith((".", "/"))
    at = owner.pair("chart")
    return Release(
        by="helmfile",
        name=name,
        line=context.line(at[0]) if at is not None else 1,
        chart=inside(folder, chart) if local else chart,
        named=not local,
        layers=tuple(layers),
        bindings=_bindings(parts, name, environments),
    )


def _bindings(
    parts: list[tuple[Mapping, Keys]], name: str, environments: list[str]
) -> tuple[Binding, ...]:
    """What is known of the placeholders of a release, once for every environment."""
    own = {"Release.Name": name}
    for part, _ in parts:
        if namespace := said(part, "namespace"):
            own["Release.Namespace"] = namespace
        labels = part.mapping("labels") or Mapping()
        for key in islice(labels, _MAX_LABELS):
            if text := said(labels, key):
                own[f"Release.Labels.{key}"] = text
    known = tuple((key, text) for key, text in own.items() if "{{" not in text)
    every = tuple(Binding((("Environment.Name", each), *known)) for each in environments)
    return every or (Binding(known),)


def _values_of(context: DocumentContext, part: Mapping, keys: Keys) -> Iterator[Layer]:
    for index, item in enumerate(part.sequence("values") or ()):
        if isinstance(item, Mapping):
            line = context.document_text.file.line(context.document_text.index(item.start))
            inline = (*context.prefix, *keys, "values", index)
            yield Layer(line, document=context.document, keys=inline)
        elif is_scalar(item):
            for layer in file_layer(context, item):
                yield replace(layer, file=printed(layer.file))
