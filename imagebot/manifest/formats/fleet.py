"""Rancher Fleet's `fleet.yaml`: the chart that it installs, and the values that it merges.

Fleet merges `values`, then `valuesFiles` in their order, and those of a target behind them
(`parseValuesFiles` in its bundlereader).
"""

from __future__ import annotations

import posixpath

from imagebot.manifest.formats import helm
from imagebot.manifest.formats.helm_release import file_layer, inside, values_layers
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Layer, Release
from imagebot.manifest.images.naming import said
from imagebot.manifest.yaml.tree import Mapping, is_scalar

_NAMES = frozenset({"fleet.yaml", "fleet.yml"})
_MAX_TARGETS = 200


def is_fleet(path: str, root: Mapping) -> bool:
    return posixpath.basename(path) in _NAMES and root.mapping("helm") is not None


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Report the images of the values of all targets, and collect the releases."""
    settings = root.mapping("helm")
    if settings is None:
        return
    base = _layers(context, settings, (*keys, "helm"))
    _carry(context, settings, "", base)
    for number, target in enumerate((root.sequence("targetCustomizations") or ())[:_MAX_TARGETS]):
        own = target.mapping("helm") if isinstance(target, Mapping) else None
        if own is None or not isinstance(target, Mapping):
            continue
        more = _layers(context, own, (*keys, "targetCustomizations", number, "helm"))
        if more:
            _carry(context, settings, target.text("name"), [*base, *more])


def _layers(context: DocumentContext, settings: Mapping, keys: Keys) -> list[Layer]:
    values = settings.mapping("values")
    if values is not None:
        helm.find(context, values, (*keys, "values"))
    layers = values_layers(context, settings, "values", keys)
    for item in settings.sequence("valuesFiles") or ():
        layers += file_layer(context, item if is_scalar(item) else None)
    return layers


def _carry(context: DocumentContext, settings: Mapping, name: str, layers: list[Layer]) -> None:
    """A chart is a folder beside the file, or that of the file if it says none."""
    chart = said(settings, "chart")
    named = bool(said(settings, "repo")) or "://" in chart
    if not layers:
        return
    folder = posixpath.dirname(context.findings.path)
    context.findings.releases.append(
        Release(
            by="Fleet",
            name=name or settings.text("releaseName"),
            line=layers[0].line,
            chart=chart if named else inside(folder, chart or "."),
            named=named,
            layers=tuple(layers),
        )
    )
