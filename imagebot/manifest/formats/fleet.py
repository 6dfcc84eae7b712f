"""Rancher Fleet's `fleet.yaml`: the charts that it installs, and the values that it merges.

Fleet merges `values`, then `valuesFiles` in their order, and those of a target behind them
(`parseValuesFiles` in its bundlereader).
"""

from __future__ import annotations

import posixpath

from imagebot.manifest.formats import chart, helm
from imagebot.manifest.formats.helm_release import file_layer, inside, values_layers
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Layer, Release
from imagebot.manifest.images.naming import said
from imagebot.manifest.yaml.tree import Mapping, is_scalar

_NAMES = frozenset({"fleet.yaml", "fleet.yml"})
_MAX_TARGETS = 200
_SCHEME = "oci://"


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
    name_of_chart = said(settings, "chart")
    named = bool(said(settings, "repo")) or "://" in name_of_chart
    if not layers:
        return
    folder = posixpath.dirname(context.findings.path)
    context.findings.releases.append(
        Release(
            by="Fleet",
            name=name or settings.text("releaseName"),
            line=layers[0].line,
            chart=name_of_chart if named else inside(folder, name_of_chart or "."),
            named=named,
            layers=tuple(layers),
        )
    )


def find_charts(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Versions in `targetCustomizations` whose `chart` or `repo` is in `helm` at the top.

    Those that have both are found like any other chart.
    """
    base = root.mapping("helm")
    for number, target in enumerate(root.sequence("targetCustomizations") or ()):
        helm = target.mapping("helm") if isinstance(target, Mapping) else None
        if base is not None and helm is not None:
            _find_version(context, base, helm, (*keys, "targetCustomizations", number, "helm"))


def _find_version(context: DocumentContext, base: Mapping, helm: Mapping, keys: Keys) -> None:
    own_chart, own_repo = said(helm, "chart"), said(helm, "repo")
    version = helm.scalar("version")
    if version is None or own_chart.startswith(_SCHEME) or (own_chart and own_repo):
        return
    name, url = own_chart or said(base, "chart"), own_repo or said(base, "repo")
    if name.startswith(_SCHEME):
        url, _, name = name.rpartition("/")
    if not context.is_variable(version, f"{url}/{name}"):
        chart.find_versioned(context, helm, url.rstrip("/"), name, keys, loose=True)
