"""Objects of Crossplane and of k3s that install charts: the values that they merge.

Crossplane's provider-helm merges `valuesFrom`, then `values`, then `set`. The Helm controller of
k3s merges `valuesContent` of a HelmChart, that of the HelmChartConfig of the same name, then `set`.
"""

from __future__ import annotations

from imagebot.manifest.formats import helm
from imagebot.manifest.formats.argocd_parameters import find_parameters
from imagebot.manifest.formats.argocd_plugin import find_map
from imagebot.manifest.formats.helm_release import values_layers
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Layer, Release
from imagebot.manifest.yaml.tree import Mapping

K3S = "k3s"
_CROSSPLANE = "helm.crossplane.io/"
_K3S = "helm.cattle.io/"


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Report the images in the values of such an object, and collect what it installs."""
    version, kind = root.text("apiVersion"), root.text("kind")
    spec, at = root.mapping("spec"), (*keys, "spec")
    if spec is None:
        return
    if version.startswith(_CROSSPLANE) and kind == "Release":
        given = spec.mapping("forProvider")
        if given is not None:
            _find_crossplane(context, root, given, (*at, "forProvider"))
    elif version.startswith(_K3S) and kind in ("HelmChart", "HelmChartConfig"):
        layers = values_layers(context, spec, "valuesContent", at)
        if spec.mapping("set") is not None:
            layers += values_layers(context, spec, "set", at, parameters=True)
            find_map(context.within(form="helm"), spec, (*at, "set"))
        chart = spec.text("chart")
        _carry(context, root, K3S, chart, layers, patch=kind == "HelmChartConfig")


def _find_crossplane(context: DocumentContext, root: Mapping, given: Mapping, keys: Keys) -> None:
    inner = context.within(form="helm")
    layers: list[Layer] = []
    for each in given.sequence("valuesFrom") or ():
        if isinstance(each, Mapping):
            layers += _referred(context, each)
    layers += values_layers(context, given, "values", keys)
    values = given.mapping("values")
    if values is not None:
        helm.find(inner, values, (*keys, "values"))
    if given.sequence("set"):
        layers += values_layers(context, given, "set", keys, parameters=True)
        find_parameters(inner, given, keys, key="set")
    chart = given.mapping("chart")
    _carry(context, root, "Crossplane", chart.text("name") if chart else "", layers)


def _referred(context: DocumentContext, item: Mapping) -> list[Layer]:
    """The layer of an item of `valuesFrom`: a key of a ConfigMap or Secret."""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        reference = item.mapping(key)
        if reference is not None and "name" in reference:
            name, namespace = reference.text("name"), reference.text("namespace")
            part = reference.text("key") or "values.yaml"
            line = context.line(reference["name"][0])
            return [Layer(line, holder=f"{kind}:{namespace}:{name}:{part}")]
    return []


def _carry(
    context: DocumentContext,
    root: Mapping,
    by: str,
    chart: str,
    layers: list[Layer],
    *,
    patch: bool = False,
) -> None:
    metadata = root.mapping("metadata")
    name = metadata.scalar("name") if metadata is not None else None
    if name is None or not layers:
        return
    context.findings.releases.append(
        Release(
            by,
            name.value,
            context.line(name),
            chart=chart,
            named=True,
            patch=patch,
            layers=tuple(layers),
        )
    )
