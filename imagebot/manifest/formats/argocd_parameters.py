"""Helm values as a list of parameters: `[{name: image.tag, value: "1.2"}, …]`."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.manifest.formats.named_values import NamedValue, find_named
from imagebot.manifest.images.arguments import name_path
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.yaml.tree import Mapping, is_scalar


def find_parameters(
    context: DocumentContext, settings: Mapping, keys: Keys, *, key: str = "parameters"
) -> None:
    """Report the images that the list at `key` names, as if they were nested values."""
    at = (*keys, key)
    below = context.below_at(at, parameters=True)
    find_named(context, _named(settings, key), settings, at, below)


def _named(settings: Mapping, key: str) -> Iterator[NamedValue]:
    for number, item in enumerate(settings.sequence(key) or ()):
        if not isinstance(item, Mapping) or not _has_value(item):
            continue
        path = name_path(item.text("name"))
        pair = item.pair("value")
        if path and pair is not None and is_scalar(pair[1]):
            yield NamedValue(path, pair[0], pair[1], number, item.flow)


def _has_value(item: Mapping) -> bool:
    """Whether a parameter sets a value; Helm takes the text `null` for null."""
    if "value" not in item:
        return False
    forced = item.text("forceString") or item.text("forcestring")
    return item.text("value") != "null" or forced == "true"
