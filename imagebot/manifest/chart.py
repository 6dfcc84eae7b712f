"""Charts and artifacts in OCI registries: their versions are tags."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping

_SCHEME = "oci://"


def find(found: Found, root: Mapping, keys: Keys) -> None:
    """The `dependencies` of a `Chart.yaml` that come from `oci://` repositories."""
    for number, entry in enumerate(root.sequence("dependencies") or ()):
        if isinstance(entry, Mapping):
            at = (*keys, "dependencies", number)
            find_versioned(found, entry, entry.text("repository"), entry.text("name"), at)


def find_versioned(
    found: Found, owner: Mapping, url: str, chart: str, keys: Keys, *, version: str = "version"
) -> None:
    """A chart named `chart` below an `oci://` URL; other URLs are no images."""
    if url.startswith(_SCHEME) and chart:
        name = f"{url.removeprefix(_SCHEME).rstrip('/')}/{chart}"
        shape = Split(
            owner=owner,
            name=name,
            tag=version,
            digest="",
            registry="",
            new_digest="never",
            versions=True,
        )
        find_split(found, shape, keys, container=chart)
