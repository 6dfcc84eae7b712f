"""`fleet.yaml` of Rancher: clusters that get another version of a chart than the others."""

from __future__ import annotations

from imagebot.manifest.formats import chart
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import said
from imagebot.manifest.yaml.tree import Mapping

_SCHEME = "oci://"


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
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
