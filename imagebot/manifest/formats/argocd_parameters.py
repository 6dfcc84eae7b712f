"""Helm values as a list of parameters: `[{name: image.tag, value: "1.2"}, …]`."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import said
from imagebot.manifest.images.others import is_of_keel
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.shapes import find_images, image_mapping, is_image_key
from imagebot.manifest.yaml.tree import Mapping


@dataclass(frozen=True, slots=True)
class _ParameterGroup:
    """Parameters whose names differ only in the last part; `number` is that of the first."""

    values: Mapping
    number: int


def find_parameters(context: DocumentContext, settings: Mapping, keys: Keys) -> None:
    """Report the images that `settings.parameters` name, as if they were nested values."""
    groups: dict[str, _ParameterGroup] = {}
    for number, item in enumerate(settings.sequence("parameters") or ()):
        if isinstance(item, Mapping) and item.text("name") and _has_value(item):
            name, _, last = item.text("name").rpartition(".")
            group = groups.setdefault(name, _ParameterGroup(Mapping.like(settings), number))
            group.values[last] = item["value"]
    registry = _registry(groups)
    for name, group in groups.items():
        if is_of_keel(tuple(name.partition("[")[0].split("."))):
            continue
        at = (*keys, "parameters", group.number)
        if any(is_image_key(part) for part in name.split(".")):
            image_mapping(context, group.values, at, registry=registry)
        else:
            find_images(context, group.values, at, registry=registry)
            find_parts(context, group.values, at, registry=registry)
            _report_nameless(context, name, group.values)


def _has_value(item: Mapping) -> bool:
    """Whether a parameter sets a value; Helm takes the text `null` for null."""
    if "value" not in item:
        return False
    return item.text("value") != "null" or item.text("forceString") == "true"


def _registry(groups: dict[str, _ParameterGroup]) -> str:
    names = (("global", "imageRegistry"), ("global.image", "registry"))
    given = (said(groups[name].values, key) for name, key in names if name in groups)
    return next((registry for registry in given if registry), "")


def _report_nameless(context: DocumentContext, prefix: str, values: Mapping) -> None:
    """List tags whose repository is only in the values of the chart."""
    for key in values:
        if key != "tag" and not key.endswith("Tag"):
            continue
        stem = "image" if key == "tag" else key.removesuffix("Tag")
        names = [f"{stem}Repository"]
        names += [name for name in (stem, f"{stem}Name") if is_image_key(name)]
        names += ["repository"] if key == "tag" else []
        if said(values, key) and not any(values.scalar(name) is not None for name in names):
            name = f"{prefix}.{key}" if prefix else key
            reason = f"only the chart says which image `{name}` belongs to"
            context.unread(values.scalar(key), "no-repository", reason, expected=True)
