"""Find where the registry of a reference is on the network. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from imagebot.config.model import RegistryOptions
from imagebot.http.address import is_loopback, normalise_host
from imagebot.reference import DOCKER_HUB, Repository
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.http.tls import ClientIdentity

_HUB_HOST = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registry's origin.

    `registry` is the name that credentials are looked up for: the mirror's, when there is one,
    so that a mirror never gets the credentials of what it mirrors. Every repository path
    gets the `prefix` (`hub/` in a mirror `harbor.example/hub`). `identity` is for this origin
    alone; `ca_file` also for its token server and its storage.
    """

    registry: str
    url: str
    prefix: str = ""
    ca_file: str = ""
    identity: ClientIdentity | None = None

    def repository(self, repository: Repository) -> Repository:
        """The repository as this endpoint knows it."""
        return Repository(self.registry, self.prefix + repository.path)


def find_endpoint(registry: str, options: Mapping[str, RegistryOptions]) -> Endpoint:
    """The endpoint of a registry as written in references.

    With a mirror, how to connect is what the registry's own entry says about the mirror, because
    only the mirror is used; an entry for the mirror itself takes precedence.
    """
    own = options.get(registry)
    if own is None or not own.mirror:
        return _endpoint(registry, "", own)
    host, _, path = own.mirror.removeprefix("https://").strip("/").partition("/")
    host = normalise_host(host)
    return _endpoint(host, f"{path}/" if path else "", options.get(host, own))


def by_host(options: Iterable[RegistryOptions]) -> dict[str, RegistryOptions]:
    return {normalise_host(option.host): option for option in options if not option.path}


def network_host(registry: str) -> str:
    """The host that is asked for a registry, both with the port if there is one."""
    return _HUB_HOST if registry == DOCKER_HUB else registry


def _endpoint(host: str, prefix: str, options: RegistryOptions | None) -> Endpoint:
    ca_file = options.ca_file if options else ""
    insecure = bool(options and options.insecure)
    identity = None
    if options and options.client_certificate:
        from imagebot.http.tls import ClientIdentity

        identity = ClientIdentity(options.client_certificate, options.client_key)
    # A loopback registry with a CA, or one that asks for a certificate, speaks TLS.
    plain = insecure or (is_loopback(host) and not ca_file and not identity)
    url = f"{'http' if plain else 'https'}://{network_host(host)}"
    return Endpoint(host, url, prefix, ca_file, identity)
