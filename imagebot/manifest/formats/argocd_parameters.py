"""Helm values as a list of parameters: `[{name: image.tag, value: "1.2"}, …]`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Below
from imagebot.manifest.images.merged import is_given, put
from imagebot.manifest.images.naming import said
from imagebot.manifest.images.others import is_of_keel
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.shapes import find_images, image_mapping, is_image_key
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_null


@dataclass(frozen=True, slots=True)
class _ParameterGroup:
    """Parameters whose names differ only in the last part; `number` is that of the first."""

    values: Mapping
    number: int


def find_parameters(
    context: DocumentContext, settings: Mapping, keys: Keys, *, key: str = "parameters"
) -> None:
    """Report the images that the list at `key` names, as if they were nested values."""
    groups: dict[str, _ParameterGroup] = {}
    for number, item in enumerate(settings.sequence(key) or ()):
        if isinstance(item, Mapping) and item.text("name") and _has_value(item):
            name, _, last = item.text("name").rpartition(".")
            group = groups.setdefault(name, _ParameterGroup(Mapping.like(settings), number))
            group.values[last] = item["value"]
    below = context.below_at((*keys, key), parameters=True)
    if below is not None:
        _merge(below, groups, settings)
        context = replace(context, below=below)
    registry = _registry(groups)
    if registry is not None and is_given(registry):
        context = replace(context, registry_from=registry.given)
    host = "" if registry is None else registry.value.strip()
    for name, group in groups.items():
        if is_of_keel(tuple(name.partition("[")[0].split("."))):
            continue
        at = (*keys, key, group.number)
        if any(is_image_key(part) for part in name.split(".")):
            image_mapping(context, group.values, at, registry=host)
        else:
            find_images(context, group.values, at, registry=host)
            find_parts(context, group.values, at, registry=host)
            _report_nameless(context, name, group.values)


def _merge(below: Below, groups: dict[str, _ParameterGroup], settings: Mapping) -> None:
    """Add what other layers give beside the parameters, and a registry for all images."""
    for given in below.given:
        name = ".".join(given.path[:-1])
        if name not in groups and given.path[0] == "global":
            groups[name] = _ParameterGroup(Mapping.like(settings), 0)
        if name in groups:
            put(groups[name].values, given.path[-1], given)


def _has_value(item: Mapping) -> bool:
    """Whether a parameter sets a value; Helm takes the text `null` for null."""
    if "value" not in item:
        return False
    return item.text("value") != "null" or item.text("forceString") == "true"


def _registry(groups: dict[str, _ParameterGroup]) -> Scalar | None:
    names = (("global", "imageRegistry"), ("global.image", "registry"))
    given = (groups[name].values.scalar(key) for name, key in names if name in groups)
    return next((each for each in given if each is not None and not is_null(each)), None)


def _report_nameless(context: DocumentContext, prefix: str, values: Mapping) -> None:
    """List tags whose repository is only in the values of the chart."""
    for key in values:
        if key != "tag" and not key.endswith("Tag"):
            continue
        stem = "image" if key == "tag" else key.removesuffix("Tag")
        names = [f"{stem}Repository"]
        names += [name for name in (stem, f"{stem}Name") if is_image_key(name)]
        names += ["repository"] if key == "tag" else []
        if is_given(values.scalar(key)):
            continue
        if said(values, key) and not any(values.scalar(name) is not None for name in names):
            name = f"{prefix}.{key}" if prefix else key
            reason = f"only the chart says which image `{name}` belongs to"
            context.nameless(values.scalar(key), ("parameters", 0, key), reason)
