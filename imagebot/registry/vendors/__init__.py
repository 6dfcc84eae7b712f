"""Push times from vendors' own APIs: the distribution specification has none.

One module per vendor with the same function, `pushed(query)`. It returns the push time of every
tag that it came across, of those asked for and of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from imagebot.reference import DOCKER_HUB
from imagebot.registry.api import Pushed
from imagebot.registry.vendors import azure, docker_hub, github, google, quay
from imagebot.registry.vendors.query import PushQuery
from imagebot.values import dataclass

Kind = Literal["azure", "docker-hub", "github", "google", "quay"]

VENDORS: Mapping[Kind, Callable[[PushQuery], Mapping[str, Pushed]]] = {
    "azure": azure.pushed,
    "docker-hub": docker_hub.pushed,
    "github": github.pushed,
    "google": google.pushed,
    "quay": quay.pushed,
}

_HOSTS: Mapping[str, Kind] = {
    DOCKER_HUB: "docker-hub",
    "gcr.io": "google",
    "ghcr.io": "github",
    "quay.io": "quay",
}
_SUFFIXES: Mapping[str, Kind] = {
    ".azurecr.cn": "azure",
    ".azurecr.io": "azure",
    ".azurecr.us": "azure",
    ".gcr.io": "google",
    ".pkg.dev": "google",
}


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose API a registry has, and where; `url` "" is the vendor's own, or the registry's."""

    kind: Kind
    url: str = ""


def find_vendor(registry: str) -> Vendor | None:
    """The vendor of a registry, by its host name."""
    kind = _HOSTS.get(registry)
    if kind is None:
        kind = next((v for suffix, v in _SUFFIXES.items() if registry.endswith(suffix)), None)
    return Vendor(kind) if kind else None
