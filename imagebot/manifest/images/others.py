"""What other updaters and clusters write about images, which imagebot leaves to them."""

from __future__ import annotations

from imagebot.manifest.yaml.tree import Mapping

# Objects that say how an updater updates, or what it has found.
_GROUPS = (
    "argocd-image-updater.argoproj.io/",
    "image.toolkit.fluxcd.io/",
    "kargo.akuity.io/",
    "keel.sh/",
)
_KINDS = frozenset({("apps", "ControllerRevision"), ("fleet.cattle.io", "ImageScan")})
# OpenShift notes there what its last trigger has set.
_WRITTEN = frozenset({"lastTriggeredImage"})
# The names of Helm values of which Keel's settings are made: `{repository: image.repository}`.
_KEEL = ("keel", "images")


def is_others(mapping: Mapping) -> bool:
    """Whether this is an object of another updater, or one that the cluster writes."""
    version = mapping.text("apiVersion")
    if version.startswith(_GROUPS):
        return True
    return (version.partition("/")[0], mapping.text("kind")) in _KINDS


def is_written_by_cluster(key: str) -> bool:
    return key in _WRITTEN


def is_of_keel(keys: tuple[str | int, ...]) -> bool:
    """Whether keys lead to, or into, `keel.images` of Helm values."""
    return any(keys[at : at + 2] == _KEEL for at in range(len(keys) - 1))


def is_of_updatecli(root: Mapping) -> bool:
    """Whether a document has the sections of updatecli, whose entries have a kind and a spec."""
    for section in ("sources", "conditions", "targets"):
        entries = root.mapping(section)
        for _, entry in (entries or Mapping()).values():
            if isinstance(entry, Mapping) and "kind" in entry and "spec" in entry:
                return True
    return False
