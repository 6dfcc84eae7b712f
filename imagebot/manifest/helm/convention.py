"""Which values files are environments of another one, by their names alone."""

from __future__ import annotations

import posixpath
import re

from imagebot.manifest.helm.tree import Tree

# `values-prod.yaml`, `values.prod.yaml`, `values_prod.yaml`, `prod-values.yaml`, `values.yaml`.
_VALUES = re.compile(r"values(?:[-._][^/]*)?\.ya?ml|[^/]+[-._]values\.ya?ml")
_PLAIN = ("values.yaml", "values.yml")
# Folders for environments, below a values file or beside it.
# Files in the first ones may have any name that is an environment's.
_NAMED = frozenset({"env", "envs", "environment", "environments", "values"})
_GROUPS = _NAMED | {"overrides", "overlays", "stages", "clusters", "regions", "ci"}
_MAX_DEPTH = 4


def base_of(path: str, tree: Tree) -> str:
    """The values file that the one at `path` is merged over; "" if there is none by convention.

    It is beside it, or above: at most a few folders, of which the first is one for environments.
    A chart is not an environment of what is above it.
    """
    folder, _, name = path.rpartition("/")
    is_values = _VALUES.fullmatch(name) is not None
    if is_values and name not in _PLAIN:
        beside = tree.values_of(folder)
        if beside:
            return beside
    inside: list[str] = []
    for _ in range(_MAX_DEPTH):
        if posixpath.join(folder, "Chart.yaml") in tree.files or not folder:
            return ""
        folder, _, last = folder.rpartition("/")
        inside.append(last)
        above = tree.values_of(folder)
        if above and last in _GROUPS:
            named = last in _NAMED and len(inside) == 1 and name.endswith((".yaml", ".yml"))
            return above if is_values or named else ""
        if above:
            return ""
    return ""
