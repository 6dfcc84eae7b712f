"""Decide which addresses a registry may send us to, for a token or a blob.

A registry names its token server and redirects to its storage, so it chooses hosts that we then
talk to, from inside somebody's network. Other clients found the same rules after their advisories
(GHSA-xf85-363p-868w and GHSA-28r5-37g7-p6mp of oras-go, #2193 of go-containerregistry); here they
apply to what a name resolves to, not only to literal addresses.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from imagebot.http.resolve import Resolver

Resolve = Callable[[str], tuple[str, ...]]
_LONGEST_LOOK_UP = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NetworkZone(enum.IntEnum):
    """How near an address is; a registry may not send us nearer than it is itself."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3


def resolve(host: str) -> tuple[str, ...]:
    """The addresses of a host; empty when the name does not resolve here, as behind a proxy.

    Raises TimeoutError after 10 seconds.
    """
    try:
        found = Resolver().resolve(host, 0, _LONGEST_LOOK_UP)
    except TimeoutError:
        raise
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(address.ip for address in found))


def refuse(url: str, registry_url: str, resolve: Resolve = resolve) -> str:
    """Why the registry at `registry_url` must not send us to `url`; "" when it may.

    The name is resolved here and again when connecting. A name that changes in between gains
    nothing over https, where the certificate must match; a registry on plain http is local or was
    declared insecure.
    """
    try:
        target, registry = urlsplit(url), urlsplit(registry_url)
        host, own = (target.hostname or "").lower(), (registry.hostname or "").lower()
        _ = target.port
    except ValueError:
        return "it is not a valid address"
    if target.scheme not in ("http", "https") or not host:
        return "it is not an http(s) address"
    if target.username is not None or target.password is not None:
        return "it has a user name in it"
    if registry.scheme == "https" and target.scheme != "https":
        return "it is plain http, but the registry is https"
    if host == own:
        return ""
    try:
        return _refuse_address(host, own, resolve)
    except TimeoutError:
        return "its name was not resolved in time"


def _refuse_address(host: str, own: str, resolve: Resolve) -> str:
    nearest = max((zone_of(address) for address in resolve(host)), default=NetworkZone.PUBLIC)
    if nearest is NetworkZone.PUBLIC:
        return ""
    if nearest is NetworkZone.LINK_LOCAL:
        return "it is a link-local address"
    allowed = min((zone_of(address) for address in resolve(own)), default=NetworkZone.PUBLIC)
    return "" if nearest <= allowed else f"it is a {nearest.name.lower()} address"


def zone_of(address: str) -> NetworkZone:
    """The zone of a literal address; of the IPv4 address inside an IPv6 one, if there is one."""
    ip = _unwrap(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_loopback or ip.is_unspecified:
        return NetworkZone.LOOPBACK
    if ip.is_link_local:
        return NetworkZone.LINK_LOCAL
    return NetworkZone.PUBLIC if ip.is_global and not ip.is_multicast else NetworkZone.PRIVATE


def _unwrap(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
