"""Which values files are environments of another one, by their names alone."""

from __future__ import annotations

import posixpath
import re

from imagebot.manifest.helm.tree import Tree

# `values-prod.yaml`, `values.prod.yaml`, `values_prod.yaml`, `prod-values.yaml`, `values.yaml`.
_VALUES = re.compile(r"(?:values(?:[-._][^/]*)?|[^/]+[-._]values)\.(?:ya?ml|json)")
_PLAIN = ("values.yaml", "values.yml")
# Folders for environments, below a values file or beside it.
# Files in the first ones may have any name that is an environment's.
_NAMED = frozenset({"env", "envs", "environment", "environments", "values"})
_GROUPS = _NAMED | {"overrides", "overlays", "stages", "clusters", "regions", "ci"}
# The folder beside those of environments with what they have in common.
_BASES = ("base", "_base", "common", "default", "defaults", "shared")
_MAX_DEPTH = 4


def base_of(path: str, tree: Tree) -> str:
    """The values file that the one at `path` is merged over; "" if there is none by convention.

    It is beside it, or above: at most a few folders, of which the first is one for environments.
    Else it is in a folder `base` beside that of the environment, or beside that of all of them.
    A chart is not an environment of what is above it.
    """
    folder, _, name = path.rpartition("/")
    is_values = _VALUES.fullmatch(name) is not None
    if is_values and name not in _PLAIN:
        beside = tree.values_of(folder)
        if beside:
            return beside
    return _above(folder, name, tree, is_values=is_values) or (
        _base_beside(folder, tree) if is_values else ""
    )


def _base_beside(folder: str, tree: Tree) -> str:
    """The values of the folder `base` beside a folder of values."""
    above, _, own = folder.rpartition("/")
    if not own or own in _BASES or posixpath.join(folder, "Chart.yaml") in tree.files:
        return ""
    group = posixpath.basename(above) in _GROUPS
    for place in (above, posixpath.dirname(above)) if group else (above,):
        for base in _BASES:
            found = posixpath.join(place, base)
            is_chart = posixpath.join(found, "Chart.yaml") in tree.files
            if not is_chart and (values := tree.values_of(found)):
                return values
    return ""


def _above(folder: str, name: str, tree: Tree, *, is_values: bool) -> str:
    """The values file above a folder, of which the first below it is one for environments."""
    inside: list[str] = []
    for _ in range(_MAX_DEPTH):
        if posixpath.join(folder, "Chart.yaml") in tree.files or not folder:
            return ""
        folder, _, last = folder.rpartition("/")
        inside.append(last)
        above = tree.values_of(folder)
        if above and last in _GROUPS:
            named = (
                last in _NAMED and len(inside) == 1 and name.endswith((".yaml", ".yml", ".json"))
            )
            return above if is_values or named else ""
        if above:
            return ""
    return ""
